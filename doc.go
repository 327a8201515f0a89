// Package muster holds the nouns of Muster: typed identifiers, enumerations, documents, runtime facts, errors and the
// actor of an operation. Everything else in the module speaks in these words; they are the words of the screens, the
// API and the chat as well (docs/concepts.md).
//
// It imports the standard library and nothing else, and does no I/O. Instants are [time.Time] in UTC, cut to
// microseconds where they are stored; lengths of time are [Duration] in documents and [time.Duration] in code.
package muster
