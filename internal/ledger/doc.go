// Package ledger keeps the record of pages honest: how events are written, how rows are chained by their hashes, what a
// checkpoint signs, and what can be found when somebody changed any of it. It is pure and imports the root package only, so
// that who verifies an export runs the code that wrote it and needs neither a server nor a database.
//
// What it proves, against whom: docs/audit.md.
package ledger
