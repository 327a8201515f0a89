package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// reviews is the list of reviews.
func reviews(v *visit) error {
	list, err := v.Queries.ReviewList(v.ctx(), v.viewer(), query.ListReviews{Cursor: v.param("cursor")})
	if err != nil {
		return err
	}
	p := view.Reviews{
		Shell: v.shell("Reviews", view.PlaceReviews), Pager: v.pager(list.Next),
		Filters: v.chips("status", view.Filter{Text: "All"}, view.Filter{Text: "Drafts", URL: "draft"}, view.Filter{Text: "Published", URL: "published"}),
		Empty:   view.Empty{Text: "No review here. One is drafted from the timeline when an incident is resolved."},
	}
	for _, it := range list.Items {
		if want := v.param("status"); want != "" && string(it.Review.Status) != want {
			continue
		}
		p.Rows = append(p.Rows, view.ReviewRow{
			Key: string(it.Review.Key), Title: it.Review.Title, URL: "/reviews/" + string(it.Review.ID), State: reviewState(it.Review),
			Severity: severity(it.Incident.Severity), At: it.Incident.DetectedAt.Time, Took: it.Took,
			Actions: len(it.Review.ActionItems), Done: it.Done, Owner: it.Review.OpenedBy.Name,
		})
	}
	return v.render(http.StatusOK, view.ReviewsPage(p))
}

func reviewState(r *muster.Review) view.State {
	if r.Status == muster.ReviewPublished {
		return view.State{Tone: view.ToneOK, Word: "Published"}
	}
	return view.State{Tone: view.ToneInfo, Word: "Draft"}
}

// review is one review.
func review(v *visit) error { return v.review(http.StatusOK, nil) }

func (v *visit) review(status int, wrong []view.Problem) error {
	d, err := v.Queries.ReviewDetail(v.ctx(), v.viewer(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	r, inc := d.Review, d.Incident
	self := "/reviews/" + string(r.ID)
	p := view.Review{
		Shell: v.live(r.Title, view.PlaceReviews, "review:"+string(r.ID)), Key: string(r.Key), Title: r.Title, IncidentURL: "/i/" + string(r.Key),
		State: reviewState(r), At: inc.DetectedAt.Time, Summary: r.Summary, SilentNote: "4 minutes or more", Well: lines(r.WentWell),
		Questions: r.Questions, Timeline: v.entries(pointers(r.Timeline), ""), Owners: v.userOptions(v.actor.User), Problems: wrong,
		Phases: v.phases(inc), Figures: reviewFigures(d),
	}
	for _, g := range r.Gaps {
		p.Silences = append(p.Silences, view.Span{From: g.From.Time, To: g.Until.Time})
	}
	for _, m := range []struct {
		at   muster.Instant
		text string
	}{{inc.MitigatedAt, "mitigated"}, {inc.ResolvedAt, "resolved"}} {
		if !m.at.IsZero() {
			p.Marks = append(p.Marks, view.Mark{At: m.at.Time, Text: m.text})
		}
	}
	for _, f := range r.Findings {
		p.Findings = append(p.Findings, view.Finding{Text: f.Text, Who: f.By.Name, At: view.Link{Text: f.At.In(v.zone).Format("2 Jan 15:04")}})
	}
	for _, it := range r.ActionItems {
		p.Actions = append(p.Actions, v.actionItem(r, it, d.Owners[it.Owner]))
	}
	for _, w := range d.TookPart {
		p.TookPart = append(p.TookPart, view.Figure{Label: w.Name, Value: roleList(w.Roles)})
	}
	for _, e := range d.Felt {
		p.Felt = append(p.Felt, view.Quote{Text: e.Text, Who: e.By.Name, At: e.At.Time})
	}
	if v.can(muster.AccessResponder) {
		p.FindingURL, p.ActionURL = self+"/findings", self+"/items"
		if r.Status != muster.ReviewPublished {
			p.SummaryURL, p.WellURL, p.PublishURL = self+"/summary", self+"/well", self+"/publish"
		}
	}
	return v.render(status, view.ReviewPage(p))
}

func pointers(list []muster.Entry) []*muster.Entry {
	out := make([]*muster.Entry, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

func roleList(roles []muster.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = r.Word()
	}
	if len(words) == 0 {
		return "took part"
	}
	return joined(words)
}

// lines splits a list that is kept as text, one thing a line.
func lines(text string) (out []string) {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(l), "-*• ")); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// reviewFigures are the lengths of time and counts of a review. None of them is about a person.
func reviewFigures(d *query.ReviewDetail) (out []view.Figure) {
	if by := d.Incident.DetectedBy; by != "" {
		out = append(out, view.Figure{Label: "Found by", Value: capital(by)})
	}
	for _, c := range d.Review.Clocks {
		out = append(out, view.Figure{Label: capital(c.Name), Value: length(time.Duration(c.Seconds * float64(time.Second)))})
	}
	out = append(out, view.Figure{Label: "Pages", Value: itoa(d.Paged)}, view.Figure{Label: "Updates", Value: itoa(len(d.Updates))}, view.Figure{Label: "People", Value: itoa(len(d.TookPart))})
	return out
}

// length is a length of time in words.
func length(d time.Duration) string {
	switch {
	case d < time.Minute:
		return itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return itoa(int(d.Minutes())) + " min"
	case d < 48*time.Hour && d.Truncate(time.Minute) != 24*time.Hour:
		return itoa(int(d.Hours())) + " h " + itoa(int(d.Minutes())%60) + " min"
	case d < 48*time.Hour:
		return "1 day"
	}
	return itoa(int(d.Hours())/24) + " days"
}

func (v *visit) actionItem(r *muster.Review, it muster.ActionItem, owner string) view.ActionItem {
	out := view.ActionItem{Text: it.Text, Owner: owner, Done: it.Done, Review: view.Link{Text: string(r.Key), URL: "/reviews/" + string(r.ID)}}
	if t, err := time.ParseInLocation(time.DateOnly, it.Due, v.zone); err == nil {
		out.Due = t
		out.Overdue = !it.Done && v.now.After(t.AddDate(0, 0, 1))
	}
	if !it.Done {
		out.DoneURL = v.may(muster.AccessResponder, "/reviews/"+string(r.ID)+"/items/"+string(it.ID))
	}
	return out
}

func (v *visit) userOptions(chosen muster.UserName) (out []view.Option) {
	for _, d := range v.Queries.Catalog().Documents(muster.KindUsers) {
		if u, ok := d.(*muster.User); ok && !u.Disabled {
			out = append(out, view.Option{Value: string(u.Name), Text: docTitle(u), Hint: u.Title, Selected: u.Name == chosen})
		}
	}
	return out
}

func (v *visit) reviewID() muster.ReviewID { return muster.ReviewID(v.r.PathValue("id")) }

// reviewDone ends a change of a review: back to it, or the review with what was wrong.
func (v *visit) reviewDone(err error, text string) error {
	switch {
	case err == nil:
		return v.done("/reviews/"+v.r.PathValue("id"), text, "")
	case refused(err):
		return v.review(http.StatusUnprocessableEntity, problems(err, nil))
	}
	return err
}

// editReview changes one part of the text and keeps the other.
func (v *visit) editReview(change func(*muster.Review, *command.EditReview)) error {
	d, err := v.Queries.ReviewDetail(v.ctx(), v.viewer(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	in := command.EditReview{Review: d.Review.ID, Version: d.Review.Version}
	change(d.Review, &in)
	_, err = run[*muster.Review](v, "EditReview", in)
	return v.reviewDone(err, "Saved.")
}

func saveSummary(v *visit) error {
	return v.editReview(func(_ *muster.Review, in *command.EditReview) {
		text := v.field("summary")
		in.Summary = &text
	})
}

func addWell(v *visit) error {
	return v.editReview(func(r *muster.Review, in *command.EditReview) {
		text := strings.Join(append(lines(r.WentWell), muster.CleanLine(v.field("text"), 500)), "\n")
		in.WentWell = &text
	})
}

func addFinding(v *visit) error {
	if v.field("kind") == "well" {
		return addWell(v)
	}
	_, err := run[*muster.Review](v, "AddFinding", command.AddFinding{Review: v.reviewID(), Text: v.field("text")})
	return v.reviewDone(err, "Added.")
}

func addItem(v *visit) error {
	_, err := run[*muster.Review](v, "AddActionItem", command.AddActionItem{Review: v.reviewID(), Text: v.field("text"), Owner: muster.UserName(v.field("owner")), Due: v.field("due")})
	return v.reviewDone(err, "Added.")
}

func finishItem(v *visit) error {
	_, err := run[*muster.Review](v, "FinishActionItem", command.FinishActionItem{Review: v.reviewID(), Item: muster.ActionItemID(v.r.PathValue("item"))})
	if err != nil {
		return v.reviewDone(err, "")
	}
	return v.done(v.back("/reviews/"+v.r.PathValue("id")), "Done.", "")
}

func publishReview(v *visit) error {
	_, err := run[*muster.Review](v, "PublishReview", command.OneReview{Review: v.reviewID()})
	return v.reviewDone(err, "Published: everybody can read it.")
}
