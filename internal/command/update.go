package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/store"
)

// PostStatusUpdate tells an audience what is known, what is being done, and when they hear again.
type PostStatusUpdate struct {
	Incident     string          `json:"incident" path:"incident" arg:"1" doc:"the incident: INC-42"`
	Known        string          `json:"known" arg:"rest" doc:"what is known"`
	Doing        string          `json:"doing,omitempty" doc:"what is being done"`
	NextUpdateBy muster.Instant  `json:"next_update_by,omitzero" doc:"when you will say more"`
	In           muster.Duration `json:"in,omitempty" doc:"the same as a length of time: 30m"`
	Audience     muster.Audience `json:"audience,omitempty" doc:"responders, organisation or public; organisation when empty"`
	Final        bool            `json:"final,omitempty" doc:"the last update: no promise"`
}

func (c *Call) postStatusUpdate(in PostStatusUpdate) (*muster.StatusUpdate, error) {
	inc, err := c.incident(in.Incident)
	if err != nil {
		return nil, err
	}
	if in.Audience == "" {
		in.Audience = muster.AudienceOrganisation
	}
	if in.In != 0 && in.NextUpdateBy.IsZero() {
		in.NextUpdateBy = c.Now().Plus(in.In.Std())
	}
	in.Known, in.Doing = strings.TrimSpace(in.Known), strings.TrimSpace(in.Doing)
	if wrong := c.checkUpdate(in); len(wrong) > 0 {
		return nil, muster.Invalid("The update cannot be posted", wrong)
	}
	return c.post(inc, in)
}

// promiseTimer sets the timer for when somebody has to be told about the incident's promise next.
func (c *Call) promiseTimer(inc *muster.Incident) error {
	due := lifecycle.PromiseWake(inc.Promise, c.Now())
	if due.IsZero() {
		return nil
	}
	t := muster.Timer{ID: id[muster.TimerID](c), Kind: muster.TimerPromise, Ref: string(inc.ID), DueAt: due, Generation: inc.Generation}
	c.emitTimers([]muster.Timer{t})
	return c.InsertTimers([]muster.Timer{t})
}

func (c *Call) checkUpdate(in PostStatusUpdate) (wrong []muster.FieldError) {
	u := muster.StatusUpdate{Known: in.Known, NextUpdateBy: in.NextUpdateBy, Final: in.Final, Audience: in.Audience}
	wrong = lifecycle.CheckUpdate(u, c.Now())
	if len(in.Known) > 4000 || len(in.Doing) > 4000 {
		wrong = append(wrong, muster.FieldError{Path: "known", Message: "is longer than 4,000 characters"})
	}
	return wrong
}

// post writes an update that has been checked: the promise before it is kept, the new one gets a timer.
func (c *Call) post(inc *muster.Incident, in PostStatusUpdate) (*muster.StatusUpdate, error) {
	u := &muster.StatusUpdate{
		ID: id[muster.UpdateID](c), Incident: inc.ID, Number: inc.Updates + 1, Known: in.Known, Doing: in.Doing,
		NextUpdateBy: in.NextUpdateBy, Final: in.Final, Audience: in.Audience, By: c.Actor.By(), At: c.Now(), Status: inc.Status,
	}
	late := lifecycle.Overdue(inc.Promise, c.Now())
	if in.Audience == muster.AudiencePublic {
		c.showOn(inc)
	}
	*inc = lifecycle.Promised(*inc, *u)
	if err := c.DeleteTimersOf(string(inc.ID), muster.TimerPromise); err != nil {
		return nil, err
	}
	if err := c.promiseTimer(inc); err != nil {
		return nil, err
	}
	if err := c.InsertUpdate(u); err != nil {
		return nil, err
	}
	en := c.incidentEntry(inc, muster.EntryUpdate, updateText(u))
	en.Ref, en.Pinned = string(u.ID), true
	en.Facts = map[string]string{"known": u.Known, "doing": u.Doing, "audience": string(u.Audience), "number": fmt.Sprint(u.Number)}
	if !u.NextUpdateBy.IsZero() {
		en.Facts["next_update_by"] = u.NextUpdateBy.Format(time.RFC3339)
	}
	if late {
		en.Facts["late"] = "true"
	}
	if err := c.save(inc, en); err != nil {
		return nil, err
	}
	return u, c.publish(inc)
}

func updateText(u *muster.StatusUpdate) string {
	parts := []string{"Known: " + sentence(u.Known)}
	if u.Doing != "" {
		parts = append(parts, "Doing: "+sentence(u.Doing))
	}
	if u.Final {
		parts = append(parts, "This is the last update.")
	} else {
		parts = append(parts, "Next update by "+u.NextUpdateBy.Format("15:04 MST")+".")
	}
	return strings.Join(parts, " ")
}

func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// firePromise reminds the room shortly before a promise, and says so when it was not kept.
func (c *Call) firePromise(t *muster.Timer) error {
	inc, err := c.Incident(muster.IncidentID(t.Ref))
	if err != nil {
		return err
	}
	p := inc.Promise
	if p == nil || p.Kept || t.Generation != inc.Generation || inc.Status == muster.IncidentClosed {
		return nil
	}
	if p.By.After(c.Now().Time) {
		left := p.By.Sub(c.Now().Time).Round(time.Minute)
		if err := c.promiseTimer(inc); err != nil {
			return err
		}
		return c.save(inc, c.machineEntry(inc, muster.EntryPromise, fmt.Sprintf("The next update is due in %s, as %s promised", muster.Duration(left), p.Author.Name)))
	}
	en := c.machineEntry(inc, muster.EntryPromise, fmt.Sprintf("The update that %s promised for %s is overdue", p.Author.Name, p.By.Format("15:04 MST")))
	if err := c.save(inc, en); err != nil {
		return err
	}
	return c.publish(inc) // the pages say honestly that it is late
}

// showOn puts an incident on every page of an audience that the page's components concern; on all of that audience when
// none names the service.
func (c *Call) showOn(inc *muster.Incident) {
	inc.Public = true
	for _, d := range c.Snap.Catalog.Documents(muster.KindStatusPages) {
		sp, ok := d.(*muster.StatusPage)
		if !ok {
			continue
		}
		if !slices.Contains(inc.StatusPages, sp.Name) {
			inc.StatusPages = append(inc.StatusPages, sp.Name)
		}
		for _, comp := range sp.Components {
			ref := string(sp.Name) + "/" + comp.Name
			if comp.Service != "" && comp.Service == inc.Service && !slices.Contains(inc.Components, ref) {
				inc.Components = append(inc.Components, ref)
			}
		}
	}
}

// publish asks for every status page that shows the incident to be rendered and pushed out.
func (c *Call) publish(inc *muster.Incident) error {
	if !inc.Public && inc.Updates == 0 {
		return nil
	}
	var ds []*muster.Delivery
	for _, d := range c.Snap.Catalog.Documents(muster.KindStatusPages) {
		ds = append(ds, c.publication(muster.StatusPageName(d.DocName())))
	}
	if err := c.InsertDeliveries(ds); err != nil {
		return err
	}
	for _, d := range ds {
		c.emitDelivery(d, nil)
	}
	return nil
}

func (c *Call) publication(page muster.StatusPageName) *muster.Delivery {
	d := &muster.Delivery{
		ID: id[muster.DeliveryID](c), Kind: muster.DeliverStatusPage, Ref: string(page), State: muster.DeliveryPlanned,
		DueAt: c.Now(), CreatedAt: c.Now(),
	}
	c.leaseIfDue(d)
	return d
}

// OneStatusPage names a status page.
type OneStatusPage struct {
	Page muster.StatusPageName `json:"page" path:"page" arg:"1" doc:"the status page"`
}

// publishStatusPage renders a page anew, even if nothing changed.
func (c *Call) publishStatusPage(in OneStatusPage) (muster.Nothing, error) {
	if c.Snap.Catalog.StatusPages[in.Page] == nil {
		return muster.Nothing{}, muster.Errorf(muster.ErrNotFound, "There is no status page called %q.", in.Page)
	}
	d := c.publication(in.Page)
	if err := c.InsertDeliveries([]*muster.Delivery{d}); err != nil {
		return muster.Nothing{}, err
	}
	c.emitDelivery(d, nil)
	c.Emit(store.Event{Topic: "statuspage:" + string(in.Page)})
	return muster.Nothing{}, nil
}
