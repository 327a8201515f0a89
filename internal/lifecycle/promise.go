package lifecycle

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// LongestPromise is the furthest away that an update may be promised: a promise for next month is none.
const LongestPromise = 7 * 24 * time.Hour

// CheckUpdate says what is wrong with a status update before it is posted: it needs what is known, and the time of the
// next update unless it is final.
func CheckUpdate(u muster.StatusUpdate, now muster.Instant) (f []muster.FieldError) {
	if strings.TrimSpace(u.Known) == "" {
		f = append(f, muster.FieldError{Path: "known", Message: "say what is known: it is what people read first"})
	}
	switch {
	case u.Final && !u.NextUpdateBy.IsZero():
		f = append(f, muster.FieldError{Path: "next_update_by", Message: "a final update promises no other: leave one of the two out"})
	case u.Final:
	case u.NextUpdateBy.IsZero():
		f = append(f, muster.FieldError{Path: "next_update_by", Message: "say by when people hear again, or that this update is final"})
	case !u.NextUpdateBy.After(now.Time):
		f = append(f, muster.FieldError{Path: "next_update_by", Message: "must be later than now"})
	case u.NextUpdateBy.Sub(now.Time) > LongestPromise:
		f = append(f, muster.FieldError{Path: "next_update_by", Message: "must be within a week"})
	}
	switch u.Audience {
	case muster.AudienceResponders, muster.AudienceOrganisation, muster.AudiencePublic:
	default:
		f = append(f, muster.FieldError{Path: "audience", Message: "must be responders, organisation or public"})
	}
	return f
}

// Promised counts an update and puts its promise in the place of the one before. A final update keeps the promise and
// makes no other. Generation rises, so that the timer of the promise before finds itself stale.
func Promised(inc muster.Incident, u muster.StatusUpdate) muster.Incident {
	inc.Updates++
	inc.Generation++
	if u.Final {
		if inc.Promise != nil {
			kept := *inc.Promise
			kept.Kept = true
			inc.Promise = &kept
		}
		return inc
	}
	inc.Promise = &muster.Promise{By: u.NextUpdateBy, Author: u.By, MadeAt: u.At}
	return inc
}

// Overdue reports whether a promised update did not come.
func Overdue(p *muster.Promise, now muster.Instant) bool {
	return p != nil && !p.Kept && !p.By.After(now.Time)
}

// PromiseWake is when somebody has to be told about a promise next: shortly before it is due, then when it is overdue.
// Zero: not again. Shortly is five minutes, or a third of a shorter promise.
func PromiseWake(p *muster.Promise, now muster.Instant) muster.Instant {
	if p == nil || p.Kept || !p.By.After(now.Time) {
		return muster.Instant{}
	}
	soon := p.By.Plus(-min(5*time.Minute, p.By.Sub(p.MadeAt.Time)/3))
	if soon.After(now.Time) {
		return soon
	}
	return p.By
}

// Late is a promise that was not kept in time.
type Late struct {
	Promised muster.Instant
	Came     muster.Instant // zero: it never came
}

// LatePromises lists the promises of updates that came too late, or not at all until an instant, in order of time.
func LatePromises(updates []muster.StatusUpdate, until muster.Instant) (late []Late) {
	sorted := slices.SortedFunc(slices.Values(updates), func(a, b muster.StatusUpdate) int { return a.At.Compare(b.At.Time) })
	for i, u := range sorted {
		if u.Final || u.NextUpdateBy.IsZero() {
			continue
		}
		switch {
		case i+1 < len(sorted) && sorted[i+1].At.After(u.NextUpdateBy.Time):
			late = append(late, Late{Promised: u.NextUpdateBy, Came: sorted[i+1].At})
		case i+1 == len(sorted) && until.After(u.NextUpdateBy.Time):
			late = append(late, Late{Promised: u.NextUpdateBy})
		}
	}
	return late
}
