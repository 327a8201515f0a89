package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// now is the first screen.
func now(v *visit) error {
	d, err := v.Queries.Now(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Now{
		Shell: v.live("Now", view.PlaceNow, "now"), MoreUnowned: d.MoreUnowned, QuietSince: d.QuietSince.Time, LookedAt: v.looked(),
		AlertsURL: "/alerts?status=open", ScheduleURL: "/oncall",
	}
	if p.Shell.Banner == nil {
		p.Shell.Banner = v.watched()
	}
	if n := len(d.Exhausted); n > 0 && p.Shell.Banner == nil {
		first := d.Exhausted[0]
		p.Shell.Banner = &view.Note{
			Tone: view.ToneCritical, Lead: "Nobody answered", Link: view.Link{Text: muster.Clip(first.Title, 80), URL: "/a/" + string(first.ID)},
			Text: "The policy is used up. The last resort is paged again and again until somebody acknowledges.",
		}
		if n > 1 {
			p.Shell.Banner.Text = "The policies of " + itoa(n) + " alerts are used up. The last resort is paged again and again until somebody acknowledges."
			p.Shell.Banner.More = view.Link{Text: "All alerts", URL: p.AlertsURL}
		}
	}
	if p.Shell.Banner == nil {
		p.Shell.Banner = v.unproven()
	}
	for _, it := range d.Incidents {
		p.Incidents = append(p.Incidents, v.strip(it))
	}
	for _, a := range d.Unowned {
		p.Unowned = append(p.Unowned, v.alertRow(a))
	}
	for _, row := range d.OnCall {
		p.OnCall = v.onDuty(p.OnCall, row)
	}
	for i, e := range d.Recent {
		if i > 0 && sameSignal(e, d.Recent[i-1]) {
			continue
		}
		if len(p.Changes) == 12 || (!p.LookedAt.IsZero() && !e.Recorded.After(p.LookedAt)) {
			break
		}
		p.Changes = append(p.Changes, v.change(e))
	}
	if !d.Received && len(d.Recent) == 0 && v.can(muster.AccessResponder) {
		p.FirstAlert = FirstAlert(v.seenURL(), "YOUR-KEY")
	}
	if p.Shell.Places.Phones != "" {
		p.Phones = view.Link{Text: "Phones", URL: "/phones"}
	}
	return v.render(http.StatusOK, view.NowPage(p))
}

// change is one line of what happened lately.
func (v *visit) change(e *muster.Entry) view.Change {
	c := view.Change{At: e.Recorded.Time, Text: muster.Clip(e.Text, 200)}
	if e.Kind == muster.EntryUpdate {
		c.Text = e.By.Name + " posted update " + e.Facts["number"] + ": " + muster.Clip(e.Facts["known"], 120)
	} else if isScribe(e.Kind) {
		c.Text = e.By.Name + " " + string(e.Kind) + ": " + muster.Clip(e.Text, 160)
	}
	switch {
	case e.Incident != "":
		c.URL = "/i/" + string(e.Incident) + "#" + string(e.ID)
	case e.Alert != "":
		c.URL = "/a/" + string(e.Alert)
	}
	if e.Kind == muster.EntryPage && e.Alert != "" {
		c.Why = "/a/" + string(e.Alert) + "#why"
	}
	return c
}

// onDuty adds who holds a role to its roster.
func (v *visit) onDuty(list []view.RosterNow, row query.OnCallRow) []view.RosterNow {
	name, url := string(row.Roster), docURL(muster.KindRosters, row.Roster)
	if d := v.Queries.Catalog().Rosters[row.Roster]; d != nil {
		name = docTitle(d)
	}
	if n := len(list); n == 0 || list[n-1].URL != url {
		list = append(list, view.RosterNow{Name: name, URL: url})
	}
	at := &list[len(list)-1]
	why := ""
	if len(row.Why) > 0 {
		why = row.Why[len(row.Why)-1].Text
	}
	if len(row.People) == 0 {
		at.Held = append(at.Held, view.OnDuty{Role: capital(row.Role), Until: row.Until.Time, Why: why, TakeURL: v.may(muster.AccessResponder, "/oncall?roster="+string(row.Roster)+"&take=1#override")})
	}
	for _, who := range row.People {
		at.Held = append(at.Held, view.OnDuty{
			Role: capital(row.Role), Person: *v.person(who.ID, who.Name), Until: row.Until.Time, Why: why, Elsewhere: v.elsewhere(who.ID, row.Until),
		})
	}
	return list
}

// elsewhere is a person's own time, when theirs differs: "12:24 Berlin".
func (v *visit) elsewhere(u muster.UserName, _ muster.Instant) string {
	zone := v.Queries.Zone(u)
	t, here := v.now.In(zone), v.now.In(v.zone)
	_, a := t.Zone()
	_, b := here.Zone()
	if a == b {
		return ""
	}
	return t.Format("15:04") + " " + city(zone)
}

// city is the place in the name of a time zone.
func city(zone *time.Location) string {
	name := zone.String()
	return strings.ReplaceAll(name[strings.LastIndex(name, "/")+1:], "_", " ")
}

// looked is when this browser showed Now before: kept in a cookie, since looking changes nothing on the server. Looks
// within ten minutes count as one.
func (v *visit) looked() time.Time {
	const name, apart = "looked", 10 * time.Minute
	var before, last int64
	if c, err := v.r.Cookie(name); err == nil {
		a, b, _ := strings.Cut(c.Value, ".")
		before, _ = strconv.ParseInt(a, 10, 64) // a cookie that cannot be read is no cookie
		last, _ = strconv.ParseInt(b, 10, 64)
	}
	present := v.now.Unix()
	if last == 0 || present-last > int64(apart/time.Second) {
		before = last
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: strconv.FormatInt(before, 10) + "." + strconv.FormatInt(present, 10), Path: "/", MaxAge: 30 * 24 * 3600,
		HttpOnly: true, Secure: v.Secure, SameSite: http.SameSiteLaxMode,
	})
	if before <= 0 || before > present {
		return time.Time{}
	}
	return time.Unix(before, 0)
}

// wall is the screen on a wall.
func wall(v *visit) error {
	d, err := v.Queries.Now(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Wall{Shell: v.live("Wall", "", "now"), Name: v.Org(), Headline: "All quiet", Unowned: len(d.Unowned) + d.MoreUnowned, Quiet: d.QuietSince.Time}
	if p.Name == "" {
		p.Name = "Muster"
	}
	for _, row := range d.OnCall {
		if r := v.Queries.Catalog().Rosters[row.Roster]; r != nil && r.Role == "" { // those that are paged
			p.OnCall = v.onDuty(p.OnCall, row)
		}
	}
	for _, a := range d.Unowned {
		if p.OldestAt.IsZero() || a.ReceivedAt.Before(p.OldestAt) {
			p.OldestAt = a.ReceivedAt.Time
		}
	}
	for i, it := range d.Incidents {
		if i > 0 {
			p.Also = append(p.Also, v.strip(it))
			continue
		}
		if p.Main, err = v.wallIncident(it); err != nil {
			return err
		}
	}
	if n := len(d.Incidents); n > 0 {
		p.Headline = plural(n, "incident", "incidents") + " open"
	} else if p.Unowned > 0 {
		p.Headline = "No incident open"
	}
	return v.render(http.StatusOK, view.WallPage(p))
}

func (v *visit) wallIncident(it query.IncidentItem) (*view.WallIncident, error) {
	rm, err := v.Queries.Room(v.ctx(), v.viewer(), string(it.ID), 0)
	if err != nil {
		return nil, err
	}
	w := &view.WallIncident{
		Key: string(it.Key), Title: it.Title, Severity: severity(it.Severity), OpenedAt: it.DeclaredAt.Time, Commander: it.Commander(),
		Phases: v.phases(it.Incident), Promise: v.promiseOf(it.Incident, ""),
	}
	for q, to := range map[muster.Question]*string{muster.QuestionBad: &w.Bad, muster.QuestionDoing: &w.Doing, muster.QuestionWho: &w.Aware} {
		if a := it.Answers[q]; a != nil {
			*to = a.Text
		}
	}
	var others []string
	for _, ra := range rm.Roles {
		if ra.Role == muster.RoleCommunicationCoordinator || ra.Role == muster.RoleScribe {
			others = append(others, ra.Name+": "+ra.Role.Word())
		}
	}
	w.Others = strings.Join(others, ", ")
	for _, e := range rm.Entries {
		if isScribe(e.Kind) {
			w.LastSaid, w.LastSaidAt = e.By.Name+": "+muster.Clip(e.Text, 160), e.At.Time
		}
	}
	return w, nil
}
