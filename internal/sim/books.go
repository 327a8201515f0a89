package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/muster-oncall/muster"
)

// books reads the ledger as a stranger would who knows nothing of it but docs/audit.md: each row bears the hash of itself
// and of the row before it, each page is planned in it once, and before each call it says that the page is begun (I20, I42).
func (c *checker) books() {
	before, place := "", int64(0)
	planned := map[string]muster.LedgerEvent{}
	begun := map[string][]time.Time{}
	for i := range c.r.books {
		row := &c.r.books[i]
		if row.Position == 0 {
			if row.At.Before(c.r.end.Add(-2 * time.Second)) {
				c.fail("I42", row.At.Time, nil, "the row %s of the ledger still has no place in the end", row.ID)
			}
		} else {
			if place++; row.Position != place {
				c.fail("I42", row.At.Time, nil, "the row behind the %d. of the ledger is the %d.", place-1, row.Position)
				return
			}
			own := sha256.Sum256([]byte(string(row.ID) + "\n" + strconv.FormatInt(row.At.Micros(), 10) + "\n" + row.Body))
			sum := sha256.Sum256([]byte(before + "\n" + strconv.FormatInt(place, 10) + "\n" + hex.EncodeToString(own[:])))
			if before = hex.EncodeToString(sum[:]); before != row.Hash {
				c.fail("I42", row.At.Time, nil, "the %d. row of the ledger has another hash than its words and the row before it have together", place)
				return
			}
		}
		var events []muster.LedgerEvent
		if err := json.Unmarshal([]byte(row.Body), &events); err != nil {
			c.fail("I42", row.At.Time, nil, "the row %s of the ledger cannot be read: %v", row.ID, err)
			return
		}
		for _, e := range events {
			page := string(e.Page)
			switch e.Kind { //nolint:exhaustive // what became of a page is compared with its row by Muster's own verification
			case muster.LedgerPlanned:
				if _, twice := planned[page]; twice {
					c.fail("I42", row.At.Time, c.lives[string(e.Alert)], "the ledger says twice that the page %s is planned", page)
				}
				planned[page] = e
			case muster.LedgerStarted:
				begun[page] = append(begun[page], row.At.Time)
			}
		}
	}
	for _, p := range c.r.pages {
		l := c.lives[string(p.Alert)]
		e, ok := planned[string(p.ID)]
		if is := fmt.Sprint(p.Person, p.Method, p.Step, p.Round); !ok || is != fmt.Sprint(e.Person, e.Method, e.Step, e.Round) {
			c.fail("I42", p.PlannedAt.Time, l, "the ledger does not say that %s is to be called by %s in step %d of round %d", p.Person, p.Method, p.Step, p.Round)
		}
		starts := begun[string(p.ID)]
		for i, k := range c.rings[string(p.ID)] {
			if i >= len(starts) || starts[i].After(k.at) {
				c.fail("I20", k.at, l, "%s was called for the %d. time with one page, which the ledger does not say", k.address, i+1)
				break
			}
		}
	}
}
