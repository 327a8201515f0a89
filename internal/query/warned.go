package query

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/plan"
)

// ListWarnings asks what is wrong with rosters in the next 30 days.
type ListWarnings struct {
	Roster muster.RosterName `json:"roster,omitempty" query:"roster" arg:"1" doc:"of this roster; of all when empty"`
}

// RosterWarning is a warning about a roster, and who accepted it until when.
type RosterWarning struct {
	plan.Warned
	Title    string             `json:"title"`              // the roster's
	Rotation string             `json:"rotation,omitempty"` // that it concerns, where it concerns one
	Accepted *muster.Acceptance `json:"accepted"`           // null: nobody has
}

// rosterWarnings lists the warnings by roster, gaps and what else there is; what is over is left out.
func (r *read) rosterWarnings(in ListWarnings) (out muster.Listing[RosterWarning], err error) {
	if in.Roster != "" && r.cat.Rosters[in.Roster] == nil {
		return out, noDocument(r.cat, muster.KindRosters, string(in.Roster))
	}
	list := []RosterWarning{}
	for _, ros := range r.rosters() {
		if in.Roster != "" && ros.Name != in.Roster {
			continue
		}
		found, err := r.warnings(ros, r.snap.Schedule(ros.Name), r.Now(), r.Now().Plus(warnAhead))
		if err != nil {
			return out, err
		}
		for _, w := range found {
			if !w.Until.IsZero() && !w.Until.After(r.Now().Time) {
				continue
			}
			list = append(list, RosterWarning{
				Warned: plan.Warned{
					Roster: ros.Name, Kind: string(w.Kind), Level: string(w.Level), Role: w.Role, Person: w.Person,
					From: w.From, Until: w.Until, Text: w.Text,
				},
				Title: r.rosterTitle(ros.Name), Rotation: w.Rotation, Accepted: w.Accepted,
			})
		}
	}
	return whole(list), nil
}
