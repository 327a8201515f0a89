// Package rota answers who is on call: it turns the rotations, overrides and swaps of a roster into shifts.
//
// It is pure: it imports the root package and the standard library, reads no clock, and gives the same answer for the
// same roster, moment and time zone data. Local time becomes an instant by RFC 5545 (see [Resolve]): a time that happens
// twice means the first, a time that does not exist is read with the offset before the gap. Turns of days, weeks and months
// count in the local calendar, so a day may have 23 or 25 hours while the hand-off stays at the same o'clock; turns of hours
// count hours as they pass. A turn on the 31st is on the last day of shorter months, and on the 31st again after them.
//
// Precedence, highest first: overrides and swaps, the later made before the earlier; then rotations of the same roster
// role, the later in the list before the earlier, wherever they have somebody. An override without people states that nobody
// is on call. All intervals are half open: a shift ends at the instant at which the next begins.
//
// [Make] prepares a roster once; what it returns answers any number of questions from any number of goroutines.
//
// Limits: a rotation whose zone cannot be loaded has nobody, and the reasons say so.
package rota
