package command

import "github.com/muster-oncall/muster"

// RatePage says whether it was useful to be paged about an alert.
type RatePage struct {
	Alert  muster.AlertID `json:"alert" path:"alert" arg:"1" doc:"the alert's ID"`
	Useful bool           `json:"useful" doc:"whether it was right to page somebody about it"`
	Why    string         `json:"why,omitempty" arg:"rest" doc:"why, in a few words"`
}

// ratePage writes what the actor says of having been paged. The newest word of a person counts. It is counted by route and
// service, so that what wakes people for nothing is found; nobody is judged by it.
func (c *Call) ratePage(in RatePage) (*muster.Rating, error) {
	if c.Actor.User == "" {
		return nil, muster.Errorf(muster.ErrForbidden, "Only a person can say whether a page was useful: sign in as one.")
	}
	a, err := c.Alert(in.Alert)
	if err != nil {
		return nil, err
	}
	if c.Actor.Page != "" {
		if p, err := c.Page(c.Actor.Page); err != nil || !about(p, a.ID) || p.Person != c.Actor.User {
			return nil, muster.Errorf(muster.ErrForbidden, "The link of this page is for another alert.")
		}
	}
	r := &muster.Rating{
		Alert: a.ID, Person: c.Actor.User, Route: a.Route, Service: a.Service, Useful: in.Useful, Why: muster.CleanLine(in.Why, 200), At: c.Now(),
	}
	if err := c.PutRating(r); err != nil {
		return nil, err
	}
	text := c.Actor.Name + " found the page useful"
	if !in.Useful {
		text = c.Actor.Name + " did not find the page useful"
	}
	en := c.alertEntry(a, muster.EntryAlert, withNote(text, r.Why))
	if err := c.AppendEntries([]*muster.Entry{en}); err != nil {
		return nil, err
	}
	c.emitEntries([]*muster.Entry{en})
	return r, nil
}
