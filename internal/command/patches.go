package command

import (
	"fmt"
	"slices"

	"github.com/muster-oncall/muster"
)

// checkPatches says which new overrides and swaps of a roster's document claim what only the operations for shifts may say:
// who made them, and that they were made at a time to come, after which nothing could overrule them. An admin may say who,
// so that an export can be put back.
func (c *Call) checkPatches(old, next muster.Document) (wrong []muster.FieldError) {
	r, ok := next.(*muster.Roster)
	if !ok || r == nil {
		return nil
	}
	was, _ := old.(*muster.Roster)
	latest := c.Now().Plus(fromClip)
	if was != nil {
		latest = later(latest, c.madeNow(was)) // what is made now may be later than now: see there
	}
	check := func(path string, by muster.UserName, at muster.Instant) {
		if by != "" && by != c.Actor.User && c.Actor.Access != muster.AccessAdmin {
			wrong = append(wrong, muster.FieldError{Path: path + ".by", Message: fmt.Sprintf("says that %s made it: leave it out. Overrides and swaps of people are made by the operations for shifts, which say who", c.Snap.Catalog.DisplayName(by))})
		}
		if at.After(latest.Time) {
			wrong = append(wrong, muster.FieldError{Path: path + ".at", Message: "is when it was made, and lies in the future: leave it out"})
		}
	}
	for i := range r.Overrides {
		o := &r.Overrides[i]
		if was == nil || !slices.ContainsFunc(was.Overrides, func(x muster.Override) bool { return x.ID == o.ID && x.By == o.By && x.At.Equal(o.At.Time) }) {
			check(fmt.Sprintf("overrides[%d]", i), o.By, o.At)
		}
	}
	for i := range r.Swaps {
		s := &r.Swaps[i]
		if was == nil || !slices.ContainsFunc(was.Swaps, func(x muster.Swap) bool { return x.ID == s.ID && x.By == s.By && x.At.Equal(s.At.Time) }) {
			check(fmt.Sprintf("swaps[%d]", i), s.By, s.At)
		}
	}
	return wrong
}

// oneOfEach is a roster's document with each accepted warning once: the last one holds.
func oneOfEach(d muster.Document) muster.Document {
	r, ok := d.(*muster.Roster)
	if !ok || r == nil || len(r.Accepted) < 2 {
		return d
	}
	var list []muster.Acceptance
	for i, a := range r.Accepted {
		if !slices.ContainsFunc(r.Accepted[i+1:], func(o muster.Acceptance) bool { return sameAcceptance(a, o) }) {
			list = append(list, a)
		}
	}
	if len(list) == len(r.Accepted) {
		return d
	}
	next := *r
	next.Accepted = list
	return &next
}
