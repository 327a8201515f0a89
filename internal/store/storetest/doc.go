// Package storetest is what every store has to pass: [Run] tries each promise of [store.DB] on a store that it knows
// nothing else about. It may import store and the root package. It does not measure, and what only one database can do
// wrong (a lost transaction, a cut connection) is tested beside that implementation.
package storetest
