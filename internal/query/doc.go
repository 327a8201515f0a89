// Package query is the reading half of Muster: lists and objects for the REST interface and the command line (the table
// of [Queries.Ops]), and the read models of the screens (the methods that take a [Viewer]).
//
// It never writes. Each answer is read on one consistent snapshot of the store and decided with one revision of the
// catalog, by the same pure functions that commands and engine run: what a screen says will happen is computed by what
// makes it happen.
//
// It may import the root package, the pure packages, catalog and store. Answers are plain values: no HTML, no addresses
// of people (only hints), no secrets. Sentences are made here, so that every surface says the same; instants in them are
// in the viewer's time zone, and in UTC, said so, where there is none.
//
// Limits: contact methods have no history, so questions about the past and the future are answered with those of now.
// A timeline is read to its newest 1,000 entries.
package query
