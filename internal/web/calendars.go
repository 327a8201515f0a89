package web

import (
	"net/http"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/web/view"
)

// calendars is where people take their shifts along, say when they are away, and see what other tools say.
func calendars(v *visit) error { return v.calendars(http.StatusOK, "", nil) }

func (v *visit) calendars(status int, fresh string, wrong []view.Problem) error {
	all, err := v.Queries.Calendars(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Calendars{
		Shell: v.shell("Calendars", view.PlaceOnCall), Fresh: fresh, Problems: wrong,
		FeedURL: v.may(muster.AccessResponder, "/oncall/calendars/feeds"), RefreshURL: v.may(muster.AccessResponder, "/oncall/calendars/refresh"),
	}
	if v.actor.User != "" {
		p.LeaveURL = v.may(muster.AccessResponder, "/oncall/calendars/leave")
		p.Of = append(p.Of, view.Option{Value: "me", Text: "my shifts"})
	}
	for _, r := range all.Rosters {
		p.Of = append(p.Of, view.Option{Value: string(r.Name), Text: "all shifts of " + docTitle(r)})
	}
	for _, f := range all.Feeds {
		p.Feeds = append(p.Feeds, view.FeedRow{
			Title: f.Title, Of: f.Of, MadeAt: f.CreatedAt.Time, RevokeURL: v.may(muster.AccessResponder, "/oncall/calendars/feeds/"+string(f.ID)+"/revoke"),
		})
	}
	for _, c := range all.Conflicts {
		p.Conflicts = append(p.Conflicts, view.LeaveRow{Text: c.Text, From: c.From.Time, Until: c.Until.Time, URL: "/oncall?roster=" + string(c.Roster)})
	}
	for i := range all.Leave {
		l := &all.Leave[i]
		row := view.LeaveRow{Text: joinDots(l.Name, capital(l.Words())), From: l.From.Time, Until: l.Until.Time, Source: string(l.Source)}
		if l.MayRemove {
			row.RemoveURL = "/oncall/calendars/leave/" + string(l.ID) + "/remove"
		}
		p.Leave = append(p.Leave, row)
	}
	for _, s := range all.States {
		row := view.CalendarRow{Name: docTitle(s.Connector), Text: s.State.Detail, At: s.State.DoneAt.Time, State: view.State{Tone: view.ToneOK, Word: "Works"}}
		switch {
		case s.State.Error != "":
			row.Text, row.State = s.State.Error, view.State{Tone: view.ToneMajor, Word: "Failed"}
		case s.State.DoneAt.IsZero():
			row.State = view.State{Tone: view.ToneNone, Word: "Waits"}
		}
		p.States = append(p.States, row)
	}
	return v.render(status, view.CalendarsPage(p))
}

// createFeed makes a feed and shows its address in the answer itself: it is kept nowhere, so there is nothing to redirect to.
func createFeed(v *visit) error {
	in := command.CreateFeed{Title: v.field("title")}
	if of := v.field("of"); of != "me" {
		in.Roster = muster.RosterName(of)
	}
	f, err := run[*command.NewFeed](v, "CreateFeed", in)
	if refused(err) {
		return v.calendars(http.StatusUnprocessableEntity, "", problems(err, nil))
	}
	if err != nil {
		return err
	}
	return v.calendars(http.StatusOK, strings.TrimRight(v.seenURL(), "/")+f.Path, nil)
}

func revokeFeed(v *visit) error {
	if _, err := run[muster.Nothing](v, "RevokeFeed", command.RevokeFeed{Feed: muster.FeedID(v.r.PathValue("id"))}); err != nil {
		return err
	}
	return v.done("/oncall/calendars", "Revoked: nobody reads it any more.", "")
}

// addLeave enters days off of the visitor.
func addLeave(v *visit) error {
	_, err := run[*muster.Leave](v, "AddLeave", command.AddLeave{User: v.actor.User, From: v.field("from"), Until: v.field("until"), Title: v.field("title")})
	if refused(err) {
		return v.calendars(http.StatusUnprocessableEntity, "", problems(err, nil))
	}
	if err != nil {
		return err
	}
	return v.done("/oncall/calendars", "Entered. You are told of shifts that fall into it.", "")
}

func removeLeave(v *visit) error {
	if _, err := run[muster.Nothing](v, "RemoveLeave", command.RemoveLeave{Leave: muster.LeaveID(v.r.PathValue("id"))}); err != nil {
		return err
	}
	return v.done("/oncall/calendars", "Taken back.", "")
}

func refreshCalendars(v *visit) error {
	if _, err := run[*command.Refreshing](v, "RefreshCalendars", muster.Nothing{}); err != nil {
		return err
	}
	return v.done("/oncall/calendars", "The calendars are fetched.", "")
}
