// Package sqlstore is the one implementation of [store.DB]: SQL for SQLite (modernc.org/sqlite, pure Go) and PostgreSQL
// (pgx). It finds and saves; it decides nothing. It may import store and the root package.
//
// There is one text of each statement. It uses $n, identifiers made by the application, instants as BIGINT microseconds
// that are passed in, states as TEXT with a CHECK, JSON as TEXT that nobody looks into. What the databases do differently
// is a field of dialect.
//
// SQLite has one writer goroutine with group commit: it takes commands that wait, people and engine before intake, runs
// them one after another and commits them with one fsync. One that fails is taken back alone: by its savepoint, or, as long
// as that is rare, by running the others again. Readers have connections of their own and see one snapshot. The
// store belongs to one process.
//
// PostgreSQL runs each command in a transaction of its own, READ COMMITTED with row locks: getters of a Tx lock what they
// read, so a command that waited sees the newest row and need not run again, where REPEATABLE READ would make every second
// command on a busy alert fail and start over. What a command reads in lists is not locked: a command that depends on it
// locks the row that it belongs to (the alert, the incident, the catalog's head). Two commands that insert the same thing
// are told apart by a unique index, and the second runs again and finds the first. Reads are REPEATABLE READ.
//
// Limits: lists come newest first by identifier, that is by the millisecond in which the identifier was made. A Tx locks
// single rows in the order in which the command asks for them, so commands may deadlock on PostgreSQL; one of them is then
// run again. Hints (LISTEN and NOTIFY) are only that: a node that gets none learns of another's commit by looking.
package sqlstore
