// Package archtest holds the plan of the house as tests: which package may import which, what pure packages must not
// touch, and the small rules that keep files readable. Each ban says its reason when it fails.
//
// A new package fails TestImports until it has a row in table_test.go: its place is decided once, in the open. The tests
// read source and build nothing, so they take well under a second; what only a type checker sees (a time.Now behind a
// variable, state behind a pointer) they do not see. It has tests only, imports nothing of Muster, and nobody imports it.
package archtest
