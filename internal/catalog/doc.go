// Package catalog reads, checks, writes and compares documents, and holds the newest catalog in memory as an immutable
// snapshot for everybody who decides.
//
// It may import the root package, the pure packages and the YAML library. It knows no SQL: older revisions come from a
// function that is handed in.
//
// A file is YAML or JSON and holds any number of documents, each with its kind, its name and the fields of its type
// side by side. Because "kind" says what a document is, a connector's own kind is written "type" there. Files are
// configuration, not programs: anchors, aliases, merge keys and tags are refused, and size and depth are bounded.
package catalog
