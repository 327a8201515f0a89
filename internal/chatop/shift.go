package chatop

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// day tells a day and a time of day in the zone of a person.
func (c *Chat) day(actor muster.Actor, at muster.Instant) string {
	zone := time.UTC
	if c.Zone != nil {
		zone = c.Zone(actor.User)
	}
	return at.In(zone).Format("Mon 2 Jan 15:04 MST")
}

func (c *Chat) takenWord(actor muster.Actor, t *command.Taken) string {
	roster, until := cmp.Or(t.Title, string(t.Roster)), "."
	if !t.Until.IsZero() {
		until = " until " + c.day(actor, t.Until) + "."
	}
	head := fmt.Sprintf("You have the pager of %s (%s)%s", roster, t.Role.Word(), until)
	if len(t.Instead) == 0 {
		return head
	}
	names := make([]string, len(t.Instead))
	for i, u := range t.Instead {
		names[i] = c.catalog().DisplayName(u)
	}
	return head + " " + strings.Join(names, " and ") + " had it before, and is told."
}

func (c *Chat) swapWord(actor muster.Actor, op string, s *muster.SwapRequest) string {
	name := c.catalog().DisplayName
	span := c.day(actor, s.From) + " until " + c.day(actor, s.Until)
	switch {
	case s.Status == muster.SwapAccepted:
		return fmt.Sprintf("%s has the shift of %s: %s.", name(s.Taker), name(s.Holder), span)
	case op == "OfferCover":
		return fmt.Sprintf("%s is asked whether you take the shift %s. The offer is %s.", name(s.Holder), span, s.ID)
	case op == "RequestSwap" && s.Asked != "":
		return fmt.Sprintf("%s is asked to take your shift %s. The request is %s.", name(s.Asked), span, s.ID)
	case op == "RequestSwap":
		return fmt.Sprintf("Everybody on the roster is asked to take your shift %s. The request is %s.", span, s.ID)
	case op == "DeclineSwap" && s.Status == muster.SwapOpen:
		return "You declined. The others can still accept."
	}
	return fmt.Sprintf("It is %s: the shift of %s, %s.", s.Status, name(s.Holder), span)
}

func (c *Chat) swapsWord(actor muster.Actor, list muster.Listing[query.Swap]) string {
	if len(list.Items) == 0 {
		return "There is nothing to tell."
	}
	lines := make([]string, 0, len(list.Items))
	for i := range list.Items[:min(len(list.Items), 20)] {
		s := &list.Items[i]
		line := fmt.Sprintf("%s %s: %s of %s, %s until %s", s.ID, s.Status, s.RosterTitle, s.HolderName, c.day(actor, s.From), c.day(actor, s.Until))
		if s.TakerName != "" {
			line += ", taken by " + s.TakerName
			if s.Status != muster.SwapAccepted {
				line = strings.Replace(line, ", taken by ", ", offered by ", 1)
			}
		}
		lines = append(lines, line)
	}
	if more := len(list.Items) - 20; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}
