package view_test

import (
	"time"

	"github.com/muster-oncall/muster/internal/web/view"
)

func openChange() view.ChangeHead {
	return view.ChangeHead{
		ID: "chg_1", URL: "/changes/chg_1", State: view.State{Tone: view.ToneInfo, Word: "Open"}, Why: "Nobody buys at night.",
		Summary: "1 document changes, 23 shifts change hands, 23 gaps open.", By: "Olga Berg", At: day(25, 9),
		Dangers: []string{"From Sat 26 Dec 09:00 until Sun 27 Dec 09:00, nobody on call would be paged for Payments; as things are Noor Haddad would be."},
	}
}

func proposedChanges() view.ProposedChanges {
	return view.ProposedChanges{
		Shell: shell("Proposed changes", view.PlaceSettings), Tabs: tabs(view.TabChanges), Open: []view.ChangeHead{openChange()},
		Decided: []view.ChangeHead{
			{ID: "chg_0", URL: "/changes/chg_0", State: view.State{Tone: view.ToneOK, Word: "Approved"}, Why: "Leo joins.", Summary: "1 document changes.", By: "Olga Berg", At: day(21, 9), DecidedBy: "Ana Rossi", DecidedAt: day(21, 10)},
		},
	}
}

func proposedChange() view.ProposedChange {
	p := view.ProposedChange{
		Shell: shell("Proposed change", view.PlaceSettings), Tabs: tabs(view.TabChanges), ChangeHead: openChange(),
		ApproveURL: "/changes/chg_1/approve", RejectURL: "/changes/chg_1/reject", RejectText: "Reject it",
		Bad: []view.Note{{Tone: view.ToneCritical, Lead: "Reaches nobody", Text: openChange().Dangers[0]}},
		Diffs: []view.ChangeDiff{{Ref: "rosters/payments", URL: "/settings/rosters/payments", What: "changed", Lines: []view.DiffLine{
			{Op: " ", Text: "…"}, {Op: " ", Old: 8, New: 8, Text: "    people:"}, {Op: "-", Old: 9, Text: "      - noor"}, {Op: "+", New: 9, Text: "      - nobody"},
		}}},
		Gaps: 23, More: 22,
		Handed: []view.HandedRow{{Role: "Primary responder of Payments", From: day(26, 9), To: day(27, 9), Before: "Noor Haddad"}},
		Past:   view.Replay{Done: 40, Of: 40, Others: 1, Lost: 2, Lines: []string{"“Every third card is declined” would have reached nobody on call instead of Noor Haddad."}},
	}
	p.Dangers = nil
	return p
}

// ownChange is what whoever proposed it sees.
func ownChange() view.ProposedChange {
	p := proposedChange()
	p.ApproveURL, p.RejectText = "", "Take it back"
	p.Who = "You proposed this, so somebody else has to look at it. Ana Rossi or Ravi Patel may approve it."
	p.Problems = []view.Problem{{Message: "You proposed this change: somebody else has to approve it."}}
	return p
}

func decidedChange() view.ProposedChange {
	p := proposedChange()
	p.ApproveURL, p.RejectURL, p.Past, p.Handed, p.More = "", "", view.Replay{}, nil, 0
	p.State, p.DecidedBy, p.DecidedAt, p.Note = view.State{Tone: view.ToneMinor, Word: "Rejected"}, "Ana Rossi", day(25, 9).Add(time.Hour), "They do buy."
	return p
}
