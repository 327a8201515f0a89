// Package command holds every operation of Muster once: what it needs, who may do it, and what it writes in one
// transaction: state, timeline, timers and deliveries. Surfaces (web, API, command line, chat, the engine) translate to
// and from it and decide nothing.
//
// A command does no I/O besides its transaction and may be run again (see package store). What it sets going is a row:
// the engine carries it out after the commit. Deciding is left to the pure packages (plan, lifecycle); this package finds
// the facts for them and keeps what they decided.
//
// It may import the pure packages, catalog and store.
package command
