package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// A document cannot say that somebody else made an override, nor that one was made in the future; and titles have an end.
func TestWhatDocumentsMayNotSay(t *testing.T) {
	bubble(t, func(w *world) {
		until := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
		with := func(more string) string {
			return shifts("rob") + "overrides:\n  - {id: x, role: primary, people: [olga], from: \"2000-01-01T10:00:00Z\", until: \"" + until + "\"" + more + "}\n"
		}
		for text, says := range map[string]string{
			with(", by: rob"):                      "says that Rob made it: leave it out",
			with(", at: \"2031-01-01T00:00:00Z\""): "lies in the future: leave it out",
			strings.Replace(shifts("rob"), "title: Storefront", "title: "+strings.Repeat("x", 201), 1): "is 201 bytes long, and may have 200",
		} {
			if err := apply(w, "olga", text, ""); muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(explain(err), says) {
				t.Errorf("%q is not said: %s", says, explain(err))
			}
		}
		w.ok(apply(w, "olga", with(""), ""))
		w.ok(apply(w, "ana", with(", by: rob"), "")) // an export that is put back
	})
}

// An accepted warning is there once, and what has lapsed goes when another one is accepted.
func TestAcceptedWarningsAreTidied(t *testing.T) {
	bubble(t, func(w *world) {
		twice := "accepted:\n  - {kind: long_shift, why: a, until: \"2000-02-01T00:00:00Z\"}\n  - {kind: long_shift, why: b, until: \"2000-02-01T00:00:00Z\"}\n"
		w.put(shifts("rob") + twice)
		list := func() []muster.Acceptance { return w.commands.Live.Current().Catalog.Rosters["storefront"].Accepted }
		if got := list(); len(got) != 1 || got[0].Why != "b" {
			t.Errorf("%+v", got)
		}
		accept := func(kind string) {
			must[*muster.Acceptance](w, w.as("olga"), "AcceptWarning", command.AcceptWarning{Roster: "storefront", Kind: kind, Why: "known", Until: muster.At(time.Now().Add(time.Hour))})
		}
		accept("gap")
		pass(2 * time.Hour)
		accept("many_nights")
		if got := list(); len(got) != 2 || got[1].Kind != "many_nights" {
			t.Errorf("%+v", got)
		}
	})
}
