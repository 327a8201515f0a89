package query

import (
	"context"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// ListHandovers asks for the hand-over notes of a roster.
type ListHandovers struct {
	Roster muster.RosterName `json:"roster" path:"roster" arg:"1" doc:"the roster"`
	Role   muster.RosterRole `json:"role,omitempty" query:"role" doc:"primary or secondary; both when empty"`
	Limit  int               `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string            `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// OneHandover names a hand-over note.
type OneHandover struct {
	Handover muster.HandoverID `json:"handover" path:"handover" arg:"1" doc:"the note's ID"`
}

func (r *read) handovers(in ListHandovers) (out muster.Listing[*muster.HandoverNote], err error) {
	p, err := pageOf[muster.HandoverID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	rows, err := r.Handovers(store.HandoverFilter{Roster: in.Roster, Role: in.Role, List: p.list()})
	if err != nil {
		return out, err
	}
	if len(rows) == 0 && r.cat.Rosters[in.Roster] == nil {
		return out, noDocument(r.cat, muster.KindRosters, string(in.Roster))
	}
	return muster.ListingOf(rows, p.limit, func(n *muster.HandoverNote) string { return string(n.ID) }), nil
}

func (r *read) handover(in OneHandover) (*muster.HandoverNote, error) { return r.Handover(in.Handover) }

// HandoverPage is what a screen shows about the hand-overs of a roster.
type HandoverPage struct {
	Roster muster.RosterName
	Title  string
	Drafts []HandoverDraft // one for each role that is held
	Notes  muster.Listing[*HandoverView]
}

// HandoverView is a note with what the viewer may do.
type HandoverView struct {
	*muster.HandoverNote
	MayEdit bool
}

// HandoverDraft is what those who follow will be told.
type HandoverDraft struct {
	Role     muster.RosterRole
	People   []muster.UserName // who is on call
	Until    muster.Instant    // the next change; zero: never
	Words    string
	WordsBy  muster.UserName
	MayWrite bool
}

// handoverOpen is how long after a change people may edit their note: the command asks again.
const handoverOpen = 24 * time.Hour

// HandoverPage reads the notes of a roster, newest first, and the drafts of the next.
func (q *Queries) HandoverPage(ctx context.Context, who Viewer, in ListHandovers) (*HandoverPage, error) {
	return ask(ctx, q, who, func(r *read) (*HandoverPage, error) {
		ros := r.cat.Rosters[in.Roster]
		if ros == nil {
			return nil, noDocument(r.cat, muster.KindRosters, string(in.Roster))
		}
		list, err := r.handovers(in)
		if err != nil {
			return nil, err
		}
		me, owns := who.Actor.User, who.Actor.Owns(ros.Team)
		out := &HandoverPage{Roster: ros.Name, Title: r.rosterTitle(ros.Name), Notes: muster.Listing[*HandoverView]{Next: list.Next}}
		for _, n := range list.Items {
			open := n.At.After(r.Now().Add(-handoverOpen)) && who.Actor.Access.AtLeast(muster.AccessResponder)
			out.Notes.Items = append(out.Notes.Items, &HandoverView{n, open && (owns || slices.Contains(n.From, me))})
		}
		s := r.snap.Schedule(ros.Name)
		for _, role := range []muster.RosterRole{muster.PrimaryResponder, muster.SecondaryResponder} {
			h := s.Holder(role, 0, r.Now(), nil)
			if len(h.People) == 0 {
				continue
			}
			d := HandoverDraft{Role: role, People: h.People, Until: h.Until}
			d.MayWrite = who.Actor.Access.AtLeast(muster.AccessResponder) && (owns || slices.Contains(h.People, me))
			n, err := r.HandoverDraft(ros.Name, role)
			if err != nil {
				return nil, err
			}
			if n != nil {
				d.Words, d.WordsBy = n.Words, n.WordsBy
			}
			out.Drafts = append(out.Drafts, d)
		}
		return out, nil
	})
}
