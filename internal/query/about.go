package query

import (
	"context"

	"github.com/muster-oncall/muster"
)

// About says what answers.
type About struct {
	Version string    `json:"version"`
	Zones   AboutZone `json:"zones"`
}

// AboutZone is the time zone data that decides about shifts.
type AboutZone struct {
	Version  string `json:"version"`  // "2026f"; "unknown" when the data does not say
	Released string `json:"released"` // a day; "" when nothing tells
	Source   string `json:"source"`   // "built in", or the name of a file or directory
	Old      bool   `json:"old"`      // released more than a year ago, or nobody knows when
}

// ZoneNote is the sentence that warns of old time zone data; "" when there is nothing to warn of.
func (a AboutZone) ZoneNote() string {
	switch {
	case !a.Old:
		return ""
	case a.Released == "":
		return "Nobody knows how old the time zone data is (" + a.Source + "): where rules have changed since, shifts begin at the wrong hour. Take data that says its version."
	}
	return "The time zone data " + a.Version + " (" + a.Source + ") is of " + a.Released + ", more than a year old: where rules have changed since, shifts begin at the wrong hour. Install a new version of Muster or newer data."
}

// About says which version answers, and which time zone data this node decides with.
func (q *Queries) About(ctx context.Context, who Viewer) (About, error) {
	return ask(ctx, q, who, func(r *read) (About, error) {
		return About{Version: q.Version, Zones: r.aboutZones()}, nil
	})
}

func (q *Queries) about(ctx context.Context, a muster.Actor, _ muster.Nothing) (About, error) {
	return q.About(ctx, Viewer{Actor: a})
}

func (r *read) aboutZones() AboutZone {
	d := r.snap.Zones.Data()
	z := AboutZone{Version: d.Version(), Source: d.Source(), Old: d.Old(r.Now())}
	if !d.Released().IsZero() {
		z.Released = d.Released().UTC().Format("2006-01-02")
	}
	return z
}
