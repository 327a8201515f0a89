// Package rota answers who is on call: it turns the rotations and overrides of a roster into shifts.
//
// It is pure: it imports the root package and the standard library, reads no clock, and gives the same answer for the
// same roster, moment and time zone data. Local time becomes an instant by RFC 5545 (see [Resolve]): a time that happens
// twice means the first, a time that does not exist is read with the offset before the gap. Turns count in days of the
// local calendar, so a day may have 23 or 25 hours while the hand-off stays at the same o'clock.
//
// Precedence, highest first: overrides, the later in the list before the earlier; then rotations of the same roster role,
// the later in the list before the earlier, wherever they have somebody. An override without people states that nobody is
// on call. All intervals are half open: a shift ends at the instant at which the next begins.
//
// Limits: units are days and weeks; there are no restrictions to hours of the day and no swaps yet. Locations are loaded
// by the runtime from zone data that the program embeds or the machine has; a rotation whose zone cannot be loaded has
// nobody, and the reasons say so.
package rota
