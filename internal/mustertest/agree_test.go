package mustertest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/mustertest"
	"github.com/muster-oncall/muster/internal/rota"
)

var (
	agreePeople = []muster.UserName{"ana", "ravi", "zoe"}
	agreeZones  = []string{"Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"}
)

func somePeople(t *rapid.T, label string) []muster.UserName {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(agreePeople), 1, 3, rapid.ID[muster.UserName]).Draw(t, label)
}

// randomRoster draws rotations of both roles, with hours and layers, and overrides around now.
func randomRoster(t *rapid.T, now time.Time) *muster.Roster {
	r := &muster.Roster{Name: "storefront", Title: "Storefront", Team: "storefront"}
	hour := rapid.IntRange(0, 23)
	for i := range rapid.IntRange(1, 4).Draw(t, "rotations") {
		x := muster.Rotation{
			Name: fmt.Sprintf("r%d", i), Role: rapid.SampledFrom([]muster.RosterRole{muster.PrimaryResponder, muster.PrimaryResponder, muster.SecondaryResponder}).Draw(t, "role"),
			Zone: rapid.SampledFrom(agreeZones).Draw(t, "zone"), Unit: rapid.SampledFrom([]muster.RotationUnit{muster.UnitHour, muster.UnitDay, muster.UnitWeek, muster.UnitMonth}).Draw(t, "unit"),
			Every: rapid.IntRange(1, 3).Draw(t, "every"), Handoff: fmt.Sprintf("%02d:30", hour.Draw(t, "handoff")), Start: now.AddDate(0, 0, -rapid.IntRange(0, 90).Draw(t, "start")).Format(time.DateOnly),
			People: somePeople(t, "people"),
		}
		if x.Unit == muster.UnitHour {
			x.Every *= 12
		}
		if i > 0 && rapid.Bool().Draw(t, "restricted") {
			from := hour.Draw(t, "from")
			x.Hours = []muster.Window{{From: fmt.Sprintf("%02d:00", from), To: fmt.Sprintf("%02d:00", (from+8)%24)}}
		}
		if rapid.Bool().Draw(t, "ends") {
			x.Until = now.AddDate(0, 0, rapid.IntRange(1, 200).Draw(t, "until")).Format(time.DateOnly)
		}
		r.Rotations = append(r.Rotations, x)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "overrides") {
		from := now.Add(time.Duration(rapid.IntRange(-20, 300).Draw(t, "from")) * 7 * time.Hour)
		o := muster.Override{
			ID: fmt.Sprintf("ov-%d", i), Role: r.Rotations[0].Role, From: muster.At(from), Until: muster.At(from.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "hours")) * time.Hour)),
		}
		if rapid.IntRange(0, 3).Draw(t, "nobody") > 0 {
			o.People = somePeople(t, "instead")
		}
		r.Overrides = append(r.Overrides, o)
	}
	return r
}

// fedShift is an event of a roster's feed.
type fedShift struct {
	role        muster.RosterRole
	people      []string
	from, until time.Time
}

// readFeed reads what the feed says by the simplest means, so that it shares no code with what wrote it.
func readFeed(t *rapid.T, text string) (out []fedShift) {
	for _, event := range strings.Split(strings.ReplaceAll(text, "\r\n ", ""), "BEGIN:VEVENT")[1:] {
		var s fedShift
		for line := range strings.SplitSeq(event, "\r\n") {
			name, value, _ := strings.Cut(line, ":")
			var err error
			switch name {
			case "DTSTART":
				s.from, err = time.Parse("20060102T150405Z", value)
			case "DTEND":
				s.until, err = time.Parse("20060102T150405Z", value)
			case "SUMMARY":
				role, people, ok := strings.Cut(value, " of Storefront: ")
				if !ok {
					t.Fatalf("the summary is %q", value)
				}
				s.role, s.people = muster.RosterRole(strings.ToLower(role)), strings.Split(people, `\, `)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, s)
	}
	return out
}

// TestEverybodySaysTheSame: for random rosters at random instants the schedule itself, the API and the calendar feed have
// the same people on call.
func TestEverybodySaysTheSame(tt *testing.T) {
	t := tt
	t.Parallel()
	w := mustertest.New(t, mustertest.Options{})
	defer w.Stop()
	feed := w.Do("ravi", "POST", "/api/v1/feeds", map[string]string{"roster": "storefront"}).Want(http.StatusCreated).Text("path")
	names := map[muster.UserName]string{"ana": "Ana", "ravi": "Ravi", "zoe": "Zoe"}
	zones := rota.NewZones()
	asked, again := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now().UTC()
		roster := randomRoster(t, now)
		body, err := json.Marshal(roster)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(body, &doc); err != nil {
			t.Fatal(err)
		}
		doc["kind"] = "roster"
		whole, err := json.Marshal(doc) // JSON is YAML
		if err != nil {
			t.Fatal(err)
		}
		if put := w.Do("ana", "POST", "/api/v1/apply", map[string]any{"documents": string(whole), "accept": "reaches-nobody"}); put.Status != http.StatusOK {
			t.Fatalf("the roster is refused: %s", put.Body)
		}
		since := time.Now()
		if again++; again%25 == 0 { // one address may be asked so often in a minute
			feed = w.Do("ravi", "POST", "/api/v1/feeds", map[string]string{"roster": "storefront"}).Want(http.StatusCreated).Text("path")
		}
		text := unfolded(get(tt, w, feed).Want(http.StatusOK))
		fed := readFeed(t, text)
		schedule := rota.Make(zones, roster)
		for range 8 {
			at := since.Add(time.Duration(rapid.Int64Range(1, int64(360*24*time.Hour/time.Second)).Draw(t, "at")) * time.Second).UTC().Truncate(time.Second)
			onCall := w.Do("zoe", "GET", "/api/v1/oncall?roster=storefront&at="+url.QueryEscape(at.Format(time.RFC3339)), nil).Want(http.StatusOK)
			for i, role := range schedule.Roles() {
				asked++
				var want, api, cal []string
				for _, u := range schedule.People(role, muster.At(at)) {
					want = append(want, names[u])
				}
				for j := 0; onCall.JSON(fmt.Sprintf("items.%d.people.%d", i, j)) != nil; j++ {
					api = append(api, onCall.Text(fmt.Sprintf("items.%d.people.%d.name", i, j)))
				}
				for _, s := range fed {
					if s.role == role && !at.Before(s.from) && at.Before(s.until) {
						cal = append(cal, s.people...)
					}
				}
				if onCall.Text(fmt.Sprintf("items.%d.role", i)) != string(role) || !slices.Equal(want, api) || !slices.Equal(want, cal) {
					t.Fatalf("at %s the %s is %v by the schedule, %v by the API, %v by the feed\n%s", at, role, want, api, cal, body)
				}
			}
		}
		asked += agreeWithin(t, schedule, fed, since, names)
	})
	t.Logf("asked %d times", asked)
}

// agreeWithin compares, for moments of a year, what an escalation asks (Holder, which the API words, too), what lanes and
// the editor's preview draw (Shifts), and the feed. MUSTER_TEST_LONG asks about more than a million moments in all.
func agreeWithin(t *rapid.T, schedule *rota.Schedule, fed []fedShift, since time.Time, names map[muster.UserName]string) (asked int) {
	moments := 200
	if os.Getenv("MUSTER_TEST_LONG") != "" {
		moments = 12_000
	}
	const year = 360 * 24 * time.Hour
	seed := rapid.Uint64().Draw(t, "moments")
	for _, role := range schedule.Roles() {
		drawn := schedule.Shifts(role, muster.At(since), muster.At(since.Add(year)))
		for range moments {
			seed = seed*6364136223846793005 + 1442695040888963407
			at := since.Add(time.Second + time.Duration(seed>>1)%(year-2*time.Second)).Truncate(time.Second)
			asked++
			var cal []string
			for _, s := range fed {
				if s.role == role && !at.Before(s.from) && at.Before(s.until) {
					cal = append(cal, s.people...)
				}
			}
			i, ok := slices.BinarySearchFunc(drawn, at, func(s rota.Shift, at time.Time) int {
				switch {
				case !s.Until.After(at):
					return -1
				case s.From.After(at):
					return 1
				}
				return 0
			})
			holder := schedule.Holder(role, 1, muster.At(at), nil).People
			var told []string
			for _, u := range holder {
				told = append(told, names[u])
			}
			if !ok || !slices.Equal(drawn[i].People, holder) || !slices.Equal(told, cal) {
				t.Fatalf("at %s the %s is %v for an escalation, %v for the feed, and drawn %v", at, role, told, cal, drawn[i].People)
			}
		}
	}
	return asked
}
