package command

import (
	"strconv"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/callsheet"
)

// PrintCallSheet asks for the call sheet with addresses in full.
type PrintCallSheet struct {
	Days int `json:"days,omitempty" doc:"how many days: 14 when empty, 62 at most"`
}

// printCallSheet opens the addresses of everybody who is on call: that is written into the security log.
func (c *Call) printCallSheet(in PrintCallSheet) (*callsheet.Sheet, error) {
	days, err := callsheet.Days(in.Days)
	if err != nil {
		return nil, err
	}
	contacts, err := c.ContactsOf(nil)
	if err != nil {
		return nil, err
	}
	s, err := callsheet.Make(c.Snap, c.Now(), days, contacts, c.addressOnPaper)
	if err != nil {
		return nil, err
	}
	return s, c.audit("print call sheet", "", map[string]string{"days": strconv.Itoa(days), "people": strconv.Itoa(len(s.People))})
}

// addressOnPaper is an address that somebody can dial or write to. What a browser made is a secret and helps nobody on paper:
// there the hint stays.
func (c *Call) addressOnPaper(ct *muster.Contact) (string, error) {
	if a := c.does(c.Snap.Catalog.Connectors[ct.Connector]); a.Address == "" || a.Browser {
		return ct.Hint, nil
	}
	return c.Address(ct)
}
