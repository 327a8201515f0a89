package web

import (
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

func isScribe(k muster.EntryKind) bool { return slices.Contains(muster.ScribeKinds(), k) }

// streamOf is the conversation and the timeline of a room, narrowed by ?show=.
func (v *visit) streamOf(d *query.Room, self string) view.Stream {
	show := v.param("show")
	st := view.Stream{SeenAt: d.SeenAt.Time, Unfiltered: show == "", SilentAfter: 4 * time.Minute}
	st.Filters = v.chips("show", view.Filter{Text: "All"}, view.Filter{Text: "People", URL: "people"}, view.Filter{Text: "Machines", URL: "machines"}, view.Filter{Text: "Pinned", URL: "pinned", Icon: "pin", Count: len(d.Pins)})
	for i := range st.Filters {
		st.Filters[i].URL = strings.Replace(st.Filters[i].URL, v.r.URL.Path, self, 1) + "#stream"
	}
	list := d.Entries
	switch show {
	case "people":
		list = slices.DeleteFunc(slices.Clone(list), func(e *muster.Entry) bool { return e.By.Machine })
	case "machines":
		list = slices.DeleteFunc(slices.Clone(list), func(e *muster.Entry) bool { return !e.By.Machine })
	case "pinned":
		list = d.Pins
	}
	st.Entries = v.entries(list, self)
	return st
}

// entries are lines of a timeline. room is the address of the room in which they may be pinned, "" elsewhere.
func (v *visit) entries(list []*muster.Entry, room string) []view.Entry {
	out := make([]view.Entry, 0, len(list))
	for i, e := range list {
		if e.Kind == muster.EntrySeen {
			continue // the list of who has seen it says so
		}
		if i > 0 && sameSignal(e, list[i-1]) {
			continue
		}
		out = append(out, v.entry(e, room))
	}
	return out
}

// sameSignal reports whether two entries tell of one signal: it is told again in the room when its incident is declared.
func sameSignal(a, b *muster.Entry) bool {
	return a.Kind == muster.EntrySignal && b.Kind == a.Kind && a.Text == b.Text && a.At == b.At && a.Alert == b.Alert
}

func (v *visit) entry(e *muster.Entry, room string) view.Entry {
	ve := view.Entry{
		ID: string(e.ID), URL: "#" + string(e.ID), At: e.At.Time, Kind: string(e.Kind), Who: e.By.Name, Text: e.Text, Pinned: e.Pinned,
		You: e.By.User != "" && e.By.User == v.actor.User, Via: via(e.By),
	}
	if room != "" {
		ve.PinURL = v.may(muster.AccessResponder, room+"/pin/"+string(e.ID)+"?pinned="+boolWord(!e.Pinned))
	}
	if e.Alert != "" && e.Kind == muster.EntryPage {
		ve.Links = append(ve.Links, view.Link{Text: "Why", URL: "/a/" + string(e.Alert) + "#why"})
	} else if e.Alert != "" && room != "" && e.Kind == muster.EntrySignal {
		ve.Links = append(ve.Links, view.Link{Text: "The alert", URL: "/a/" + string(e.Alert)})
	}
	switch {
	case isScribe(e.Kind):
	case e.Kind == muster.EntryUpdate:
		v.updateEntry(&ve, e)
	default: // a sentence about what happened: drawn small, without its first word when that is who did it
		ve.Machine = true
		rest, said := strings.CutPrefix(e.Text, e.By.Name+" ")
		if !said {
			rest, said = aboutTheory(e)
		}
		if said {
			ve.Text = rest
		} else {
			ve.Who = ""
		}
	}
	return ve
}

// aboutTheory words an entry about a theory after the name of who wrote it.
func aboutTheory(e *muster.Entry) (string, bool) {
	for from, to := range map[string]string{
		"Theory: ": "has a theory: ", "Theory confirmed: ": "confirmed the theory: ", "Theory ruled out: ": "ruled out the theory: ",
		"Theory open again: ": "opened the theory again: ",
	} {
		if rest, ok := strings.CutPrefix(e.Text, from); ok && e.Kind == muster.EntryTheory {
			return to + rest, true
		}
	}
	if e.Kind == muster.EntryAnswer {
		return "answered: " + e.Text, true
	}
	return "", false
}

func (v *visit) updateEntry(ve *view.Entry, e *muster.Entry) {
	u := &view.UpdateShown{Known: e.Facts["known"], Doing: e.Facts["doing"], Audience: e.Facts["audience"]}
	if t, err := time.Parse(time.RFC3339, e.Facts["next_update_by"]); err == nil {
		u.NextBy = t
	} else {
		u.Final = true
	}
	ve.Update, ve.Text = u, ""
	ve.Verb = "posted update " + e.Facts["number"]
	switch muster.Audience(u.Audience) {
	case muster.AudiencePublic:
		ve.Detail = "to the status page"
	case muster.AudienceOrganisation:
		ve.Detail = "to the organisation"
	case muster.AudienceResponders:
		ve.Detail = "to responders"
	}
	if e.Facts["late"] == "true" {
		ve.Detail += ", late"
	}
}

func boolWord(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
