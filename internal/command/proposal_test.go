package command_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

func TestWhoMayApproveIsTold(t *testing.T) { bubble(t, toldOfProposals) }

// toldOfProposals: Rob's proposal goes to Olga, who owns the storefront, too; when she alone owns it, hers goes to Ana.
func toldOfProposals(w *world) {
	w.put(lone)
	w.put("kind: team\nname: storefront\ntitle: Storefront\nowners: [olga, rob]\n")
	propose := func(who muster.UserName, text, why string) *muster.Proposal {
		return must[*muster.Proposal](w, w.as(who), "ProposeChange", command.ProposeChange{Documents: text, Why: why})
	}
	of := func(u muster.UserName, kind muster.NoticeKind) (list []*muster.Notice) {
		for _, n := range w.notices(u) {
			if n.Kind == kind {
				list = append(list, n)
			}
		}
		return list
	}
	p := propose("rob", shifts("rob, nobody"), "Nobody buys at night.")
	asked := of("olga", muster.NoticeChangeProposed)
	if len(asked) != 1 || asked[0].Title != "Rob asks you to look at a change of rosters/storefront" || asked[0].URL != "/changes/"+string(p.ID) || asked[0].Ref != string(p.ID) {
		w.Fatalf("Olga was told %+v", asked)
	}
	for _, says := range []string{"“Nobody buys at night.”", p.Summary, p.Dangers[0], "Nothing changes until somebody approves it."} {
		if !strings.Contains(asked[0].Text, says) {
			w.Errorf("%q is not said: %s", says, asked[0].Text)
		}
	}
	if n := len(of("ana", muster.NoticeChangeProposed)) + len(of("rob", muster.NoticeChangeProposed)) + len(of("vic", muster.NoticeChangeProposed)); n != 0 {
		w.Errorf("%d others were asked", n)
	}
	must[*muster.Proposal](w, w.as("olga"), "RejectChange", command.DecideChange{Change: p.ID, Note: "They do."})
	decided := of("rob", muster.NoticeChangeDecided)
	if len(decided) != 1 || decided[0].Title != "Olga rejected your change of rosters/storefront" || decided[0].Text != "“They do.”\nNothing was written." {
		w.Errorf("Rob was told %+v", decided)
	}

	w.put("kind: team\nname: storefront\ntitle: Storefront\nowners: [olga]\n")
	p = propose("olga", shifts("olga, rob"), "")
	if n := len(of("olga", muster.NoticeChangeProposed)); n != 1 || len(of("ana", muster.NoticeChangeProposed)) != 1 {
		w.Errorf("Olga was asked %d times, Ana %d times", n, len(of("ana", muster.NoticeChangeProposed)))
	}
	must[*muster.Proposal](w, w.as("ana"), "ApproveChange", command.DecideChange{Change: p.ID})
	if got := of("olga", muster.NoticeChangeDecided); len(got) != 1 || got[0].Title != "Ana approved your change of rosters/storefront" || got[0].Text != "It is written." {
		w.Errorf("Olga was told %+v", got)
	}

	// What a person takes back themselves needs no telling. Several documents are counted.
	p = propose("olga", shifts("rob")+"---\nkind: service\nname: cart\ntitle: The cart\nteam: storefront\npolicy: urgent\n", "")
	if got := of("ana", muster.NoticeChangeProposed); len(got) != 2 || !slices.ContainsFunc(got, func(n *muster.Notice) bool { return n.Title == "Olga asks you to look at a change of 2 documents" }) {
		w.Errorf("Ana was told %+v", got)
	}
	must[*muster.Proposal](w, w.as("olga"), "RejectChange", command.DecideChange{Change: p.ID})
	if n := len(of("olga", muster.NoticeChangeDecided)); n != 1 {
		w.Errorf("Olga was told %d decisions", n)
	}
}
