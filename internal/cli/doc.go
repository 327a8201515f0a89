// Package cli is the command line of Muster. Its verbs come from the Op tables of command and query, so that a new
// operation has a verb without a line here; it runs them through the REST API and nothing else. A few verbs are its own:
// show (anything by its ID), plan, apply, propose, validate (which
// needs no server), export, fake.
//
// It may import apiclient, the tables of command and query (types alone: nothing is run), plan (the types of
// answers), rota (to read local times), catalog (to check files before
// they are sent) and the fakes of connectors (for `muster fake`). Answers are JSON with --json, aligned tables on a
// terminal and tab-separated lines in a pipe; times are told in the local zone.
package cli
