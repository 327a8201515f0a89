package query

import (
	"context"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// ListReviews asks for reviews, newest first.
type ListReviews struct {
	Limit  int    `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// OneReview names a review.
type OneReview struct {
	Review muster.ReviewID `json:"review" path:"review" arg:"1" doc:"the review's ID"`
}

func (r *read) reviews(in ListReviews) (out muster.Listing[*muster.Review], err error) {
	p, err := pageOf[muster.ReviewID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	rows, err := r.Reviews(p.list())
	if err != nil {
		return out, err
	}
	return muster.ListingOf(rows, p.limit, func(v *muster.Review) string { return string(v.ID) }), nil
}

func (r *read) review(in OneReview) (*muster.Review, error) {
	if _, err := muster.ParseID[muster.ReviewID](string(in.Review)); err != nil {
		return nil, err
	}
	v, err := r.Review(in.Review)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no review %s.", in.Review)
	}
	return v, err
}

// ReviewRow is a review in the list of reviews, with its incident.
type ReviewRow struct {
	Review   *muster.Review
	Incident *muster.Incident
	Done     int // of its action items
	Took     time.Duration
}

// ReviewList lists reviews for the screen.
func (q *Queries) ReviewList(ctx context.Context, who Viewer, in ListReviews) (muster.Listing[ReviewRow], error) {
	return ask(ctx, q, who, func(r *read) (out muster.Listing[ReviewRow], err error) {
		l, err := r.reviews(in)
		if err != nil {
			return out, err
		}
		out.Next = l.Next
		for _, v := range l.Items {
			row, err := r.reviewRow(v)
			if err != nil {
				return out, err
			}
			out.Items = append(out.Items, row)
		}
		return out, nil
	})
}

func (r *read) reviewRow(v *muster.Review) (row ReviewRow, err error) {
	row.Review = v
	if row.Incident, err = r.Reader.Incident(v.Incident); err != nil {
		return row, err
	}
	for _, it := range v.ActionItems {
		if it.Done {
			row.Done++
		}
	}
	if end := row.Incident.ResolvedAt; !end.IsZero() && !row.Incident.DetectedAt.IsZero() {
		row.Took = end.Sub(row.Incident.DetectedAt.Time)
	}
	return row, nil
}

// ReviewDetail is what the screen of a review shows.
type ReviewDetail struct {
	ReviewRow
	TookPart []Participant
	Felt     []muster.Entry // what people wrote down as felt
	Updates  []*muster.StatusUpdate
	Paged    int // pages about the incident's alerts that were begun
	Owners   map[muster.UserName]string
}

// Participant is somebody who took part, and as what.
type Participant struct {
	User  muster.UserName
	Name  string
	Roles []muster.Role
}

// ReviewDetail reads a review by its ID, or by the ID or key of its incident.
func (q *Queries) ReviewDetail(ctx context.Context, who Viewer, ref string) (*ReviewDetail, error) {
	return ask(ctx, q, who, func(r *read) (*ReviewDetail, error) {
		id := muster.ReviewID(ref)
		if _, err := muster.ParseID[muster.ReviewID](ref); err != nil {
			inc, err := r.incidentOf(ref)
			if err != nil {
				return nil, err
			}
			if inc.Review == "" {
				return nil, muster.Errorf(muster.ErrNotFound, "%s has no review yet.", inc.Key)
			}
			id = inc.Review
		}
		v, err := r.review(OneReview{id})
		if err != nil {
			return nil, err
		}
		return r.reviewDetail(v)
	})
}

func (r *read) reviewDetail(v *muster.Review) (*ReviewDetail, error) {
	row, err := r.reviewRow(v)
	if err != nil {
		return nil, err
	}
	out := &ReviewDetail{ReviewRow: row, Owners: map[muster.UserName]string{}}
	if out.Updates, err = r.Updates(v.Incident); err != nil {
		return nil, err
	}
	for _, e := range v.Timeline {
		if e.Kind == muster.EntryFelt {
			out.Felt = append(out.Felt, e)
		}
	}
	for _, it := range v.ActionItems {
		if it.Owner != "" {
			out.Owners[it.Owner] = r.cat.DisplayName(it.Owner)
		}
	}
	out.TookPart = participants(row.Incident, v.Timeline)
	alerts, err := r.Alerts(store.AlertFilter{Incident: v.Incident, List: store.List{Limit: maxLimit}})
	if err != nil {
		return nil, err
	}
	for _, a := range alerts {
		pages, err := r.PagesOf(a.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range pages {
			if !p.StartedAt.IsZero() {
				out.Paged++
			}
		}
	}
	return out, nil
}

// participants lists who had a role, then who else said or did something, each in order of time.
func participants(inc *muster.Incident, timeline []muster.Entry) (out []Participant) {
	at := func(u muster.UserName, name string) *Participant {
		i := slices.IndexFunc(out, func(p Participant) bool { return p.User == u && (u != "" || p.Name == name) })
		if i < 0 {
			out = append(out, Participant{User: u, Name: name})
			i = len(out) - 1
		}
		return &out[i]
	}
	for _, ra := range inc.Roles {
		if ra.Proposed {
			continue
		}
		if p := at(ra.Person, ra.Name); !slices.Contains(p.Roles, ra.Role) {
			p.Roles = append(p.Roles, ra.Role)
		}
	}
	for _, e := range timeline {
		if !e.By.Machine && e.Kind != muster.EntrySeen && e.By.Name != "" {
			at(e.By.User, e.By.Name)
		}
	}
	return out
}
