package command

import (
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/seal"
)

// CreateFeed makes an address at which calendar programs read shifts.
type CreateFeed struct {
	Person muster.UserName   `json:"person,omitempty" doc:"whose shifts; you when roster is empty, too"`
	Roster muster.RosterName `json:"roster,omitempty" doc:"the roster whose shifts, instead of a person's"`
	Title  string            `json:"title,omitempty" doc:"what it is for, such as the device that reads it"`
}

// NewFeed is a feed with its path, which is shown this once.
type NewFeed struct {
	muster.Feed
	Path string `json:"path"` // below Muster's address: "/cal/….ics"
}

// maxFeeds bounds the feeds of one person or roster.
const maxFeeds = 50

func (c *Call) createFeed(in CreateFeed) (*NewFeed, error) {
	if in.Person == "" && in.Roster == "" {
		in.Person = c.Actor.User
	}
	switch {
	case in.Person != "" && in.Roster != "":
		return nil, muster.Invalid("The feed cannot be made", []muster.FieldError{{Path: "roster", Message: "name a person or a roster, not both"}})
	case in.Person == "" && in.Roster == "":
		return nil, muster.Invalid("The feed cannot be made", []muster.FieldError{{Path: "person", Message: "say whose shifts: you are no person"}})
	}
	f := &muster.Feed{
		ID: id[muster.FeedID](c), Title: muster.CleanLine(in.Title, 100), Person: in.Person, Roster: in.Roster, CreatedAt: c.Now(), By: c.Actor.By(),
	}
	if err := c.mayFeed(f); err != nil {
		return nil, err
	}
	all, err := c.Feeds()
	if err != nil {
		return nil, err
	}
	same := 0
	for _, o := range all {
		if o.Person == f.Person && o.Roster == f.Roster {
			same++
		}
	}
	if same >= maxFeeds {
		return nil, muster.Errorf(muster.ErrConflict, "There are %d feeds of this already: revoke those that nobody reads.", same)
	}
	token := c.IDs.Token(16)
	if err := c.InsertFeed(seal.HashToken(token), f); err != nil {
		return nil, err
	}
	return &NewFeed{Feed: *f, Path: "/cal/" + token + ".ics"},
		c.audit("create feed", string(f.ID), map[string]string{"person": string(f.Person), "roster": string(f.Roster)})
}

// mayFeed asks for the right to make or end a feed: everybody has it for their own shifts, the owners of a team for its
// rosters, an admin for all.
func (c *Call) mayFeed(f *muster.Feed) error {
	if f.Roster != "" {
		r := c.Snap.Catalog.Rosters[f.Roster]
		if r == nil {
			if c.Actor.Access == muster.AccessAdmin {
				return nil // what it was for is gone
			}
			return muster.Errorf(muster.ErrNotFound, "There is no roster called %q.", f.Roster)
		}
		return c.mustOwn(r.Team, "the feeds of the roster "+string(r.Name))
	}
	if f.Person == c.Actor.User && f.Person != "" || c.Actor.Access == muster.AccessAdmin {
		if c.Snap.Catalog.Users[f.Person] == nil && f.CreatedAt == c.Now() {
			return muster.Errorf(muster.ErrNotFound, "There is no person called %q.", f.Person)
		}
		return nil
	}
	return muster.Errorf(muster.ErrForbidden, "Only %s or an admin may do this: the address shows their shifts.", c.Snap.Catalog.DisplayName(f.Person))
}

// RevokeFeed ends a feed.
type RevokeFeed struct {
	Feed muster.FeedID `json:"feed" path:"feed" arg:"1" doc:"the feed's ID"`
}

func (c *Call) revokeFeed(in RevokeFeed) (muster.Nothing, error) {
	all, err := c.Feeds()
	if err != nil {
		return muster.Nothing{}, err
	}
	i := slices.IndexFunc(all, func(f *muster.Feed) bool { return f.ID == in.Feed })
	if i < 0 {
		return muster.Nothing{}, muster.Errorf(muster.ErrNotFound, "There is no such feed: it may be revoked already.")
	}
	if err := c.mayFeed(all[i]); err != nil {
		return muster.Nothing{}, err
	}
	if err := c.DeleteFeed(in.Feed); err != nil {
		return muster.Nothing{}, err
	}
	return muster.Nothing{}, c.audit("revoke feed", string(in.Feed), map[string]string{"title": all[i].Title})
}
