// Package route decides where a signal goes: which alert it belongs to (its fingerprint), which route takes it, which
// service and policy it concerns, and which silence holds its pages back. It is pure: the catalog is compiled into
// [Rules] once, and a decision is a function of the rules, the signal and the moment, with its reasons.
//
// It may import the root package and CEL, the language of matches, and nothing that does I/O or reads a clock.
//
// Limits: a match costs at most [CostLimit] units; one that costs more, or that fails (it asks for a label that the
// signal does not have), is skipped with a reason, so that a bad rule can send an alert to the default route but can
// never lose it.
package route
