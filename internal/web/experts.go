package web

import (
	"net/http"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

func (s *Web) expertRoutes() {
	s.page("GET /oncall/experts", experts)
	s.page("POST /a/{id}/expert", pageExpertAbout)
	s.page("POST /i/{key}/expert", pageExpertIn)
}

func (v *visit) expertise() ([]query.Expertise, error) {
	l, err := query.Run[query.ListExperts, muster.Listing[query.Expertise]](v.ctx(), v.Queries, "ListExperts", v.actor, query.ListExperts{})
	return l.Items, err
}

// experts is the directory of subject matter experts.
func experts(v *visit) error {
	list, err := v.expertise()
	if err != nil {
		return err
	}
	p := view.Experts{Shell: v.shell("Experts", view.PlaceOnCall), Empty: view.Empty{
		Text: "No experts yet. Name topics and their experts in a roster: then anybody can page “the database expert” in one step.",
	}}
	for _, x := range list {
		p.Topics = append(p.Topics, v.expertTopic(x))
	}
	return v.render(http.StatusOK, view.ExpertsPage(p))
}

func (v *visit) expertTopic(x query.Expertise) view.ExpertTopic {
	t := view.ExpertTopic{
		Name: x.Topic, Title: x.Title, Roster: view.Link{Text: x.RosterTitle, URL: docURL(muster.KindRosters, x.Roster)}, Asked: askedNames(x),
		Fallback: strings.Join(x.Fallback, ", "),
	}
	switch {
	case x.ByFallback:
		t.Note = view.State{Tone: view.ToneMinor, Word: "Fallback"}
	case x.Woken:
		t.Note = view.State{Tone: view.ToneMinor, Word: "Would be woken"}
	}
	for _, r := range x.Why {
		t.Why = append(t.Why, whyStep(r))
	}
	for _, e := range x.Experts {
		zone := v.Queries.Zone(e.ID)
		row := view.ExpertRow{Person: *v.person(e.ID, e.Name), Local: city(zone) + ", " + v.now.In(zone).Format("15:04"), Quiet: quietWords(e.Quiet), Words: e.Words}
		switch {
		case e.CanBe:
			row.State = view.State{Tone: view.ToneOK, Word: "Can be asked"}
		case e.Away:
			row.State = view.State{Tone: view.ToneMinor, Word: "Away"}
		case e.QuietNow:
			row.State = view.State{Tone: view.ToneMinor, Word: "Quiet hours"}
		default:
			row.State = view.State{Tone: view.ToneMajor, Word: "Cannot be asked"}
		}
		t.People = append(t.People, row)
	}
	return t
}

func askedNames(x query.Expertise) string {
	names := make([]string, len(x.Asked))
	for i, p := range x.Asked {
		names[i] = p.Name
	}
	return strings.Join(names, " and ")
}

// quietWords tells quiet hours: "22:00 to 08:00, sat and sun 00:00 to 24:00".
func quietWords(list []muster.Window) string {
	parts := make([]string, len(list))
	for i, w := range list {
		parts[i] = w.From + " to " + w.To
		if w.From == w.To {
			parts[i] = "the whole day from " + w.From
		}
		if len(w.Days) > 0 {
			days := make([]string, len(w.Days))
			for j, d := range w.Days {
				days[j] = string(d)
			}
			parts[i] = strings.Join(days, ", ") + " " + parts[i]
		}
	}
	return strings.Join(parts, "; ")
}

// askExpert is the form that pages an expert; none for those who may not, and without experts. That the directory cannot be
// read at this moment must not keep the alert or the room from being shown.
func (v *visit) askExpert(url string) view.AskExpert {
	a := view.AskExpert{AllURL: "/oncall/experts"}
	if !v.can(muster.AccessResponder) {
		return a
	}
	list, err := v.expertise()
	if err != nil || len(list) == 0 {
		return a
	}
	a.URL = url
	for _, x := range list {
		hint := "nobody can be asked now"
		if names := askedNames(x); names != "" {
			hint = "pages " + names
			if len(x.Asked) == 1 {
				hint += v.nightly(x.Asked[0].ID)
			}
		}
		a.Topics = append(a.Topics, view.Option{Value: x.Topic, Text: x.Title, Hint: hint})
	}
	return a
}

// pageExpertAbout pages an expert about an alert.
func pageExpertAbout(v *visit) error {
	if _, err := run[*muster.Alert](v, "PageResponder", command.PageResponder{Alert: v.alertID(), Topic: v.field("topic"), Note: v.field("text")}); err != nil {
		return err
	}
	return v.done(v.back(v.alertURL()), "The expert is paged: the ladder shows who, and how far it got.", "")
}

// pageExpertIn pages an expert into a room.
func pageExpertIn(v *visit) error {
	out, err := run[*command.ExpertPaged](v, "PageExpert", command.PageExpert{Incident: v.ref(), Topic: v.field("topic"), Note: v.field("text")})
	if err != nil {
		return v.roomDone(err, "", "")
	}
	names := make([]string, len(out.People))
	for i, p := range out.People {
		names[i] = p.Name
	}
	return v.roomDone(nil, "Muster pages "+strings.Join(names, " and ")+".", "")
}

// informed explains why shadows were told, each once.
func informed(x muster.Explanation) (out []view.Why) {
	told := map[muster.UserName]bool{}
	for _, i := range x.Informed {
		if told[i.User] {
			continue
		}
		told[i.User] = true
		w := view.Why{Title: "Why " + i.Name + " was informed", DecidedAt: x.At.Time}
		for _, p := range x.People {
			if p.Step == i.Step && p.Round == i.Round {
				w.DecidedAt = p.At.Time
				break
			}
		}
		for _, r := range i.Reasons {
			w.Steps = append(w.Steps, whyStep(r))
		}
		out = append(out, w)
	}
	return out
}
