package command

import (
	"strconv"

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
	s, err := callsheet.Make(c.Snap, c.Now(), days, contacts, c.Address)
	if err != nil {
		return nil, err
	}
	return s, c.audit("print call sheet", "", map[string]string{"days": strconv.Itoa(days), "people": strconv.Itoa(len(s.People))})
}
