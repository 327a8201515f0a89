package rota_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

func TestLeaveConflicts(t *testing.T) {
	t.Parallel()
	day := func(n, hour int) muster.Instant { return muster.At(time.Date(2026, 12, n, hour, 0, 0, 0, time.UTC)) }
	roster := &muster.Roster{Name: "web", Rotations: []muster.Rotation{
		{Name: "days", Role: muster.PrimaryResponder, Zone: "UTC", Every: 1, Unit: muster.UnitDay, Handoff: "09:00", Start: "2026-12-01", People: []muster.UserName{"ana", "ben"}},
		{Name: "back", Role: muster.SecondaryResponder, Zone: "UTC", Every: 7, Unit: muster.UnitDay, Handoff: "09:00", Start: "2026-12-01", People: []muster.UserName{"cy", "cy"}},
	}}
	s := rota.Make(rota.NewZones(), roster)
	zones := map[muster.UserName]string{"ana": "Europe/Berlin", "ben": "Asia/Tokyo", "cy": "Europe/Berlin"}
	find := func(l muster.Leave) string {
		var out []string
		for _, c := range rota.LeaveConflicts(s, []muster.Leave{l}, func(u muster.UserName) string { return zones[u] }, day(1, 0), day(31, 0)) {
			out = append(out, fmt.Sprintf("%s/%s %s-%s", c.Role, c.Person, c.From.UTC().Format("2T15"), c.Until.UTC().Format("2T15")))
		}
		return strings.Join(out, ", ")
	}
	for _, c := range []struct {
		name string
		l    muster.Leave
		want string
	}{
		{"own leave", muster.Leave{Kind: muster.LeaveOwn, Person: "ana", From: day(4, 0), Until: day(6, 0)}, "primary/ana 4T00-4T09, primary/ana 5T09-6T00"},
		{"leave of somebody else", muster.Leave{Kind: muster.LeaveOwn, Person: "zoe", From: day(4, 0), Until: day(6, 0)}, ""},
		{"turns that follow each other", muster.Leave{Kind: muster.LeaveOwn, Person: "cy", From: day(7, 0), Until: day(10, 0)}, "secondary/cy 7T00-10T00"},
		{"a holiday in Germany", muster.Leave{Kind: muster.LeaveHolidays, Zone: "Europe/Berlin", From: day(25, 0), Until: day(26, 0)}, "secondary/cy 25T00-26T00, primary/ana 25T09-26T00"},
		{"a holiday everywhere", muster.Leave{Kind: muster.LeaveHolidays, From: day(25, 0), Until: day(25, 12)}, "primary/ben 25T00-25T09, secondary/cy 25T00-25T12, primary/ana 25T09-25T12"},
		{"over already", muster.Leave{Kind: muster.LeaveHolidays, From: day(-5, 0), Until: day(1, 0)}, ""},
	} {
		if got := find(c.l); got != c.want {
			t.Errorf("%s: %s\nwanted %s", c.name, got, c.want)
		}
	}
}
