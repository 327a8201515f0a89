package phone

import (
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
)

// DefaultDaily is the daily limit when none is set.
const DefaultDaily = "500"

// ParseDaily reads a daily limit.
func ParseDaily(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 5 || n > 1_000_000 {
		return 0, fmt.Errorf("%q is not a number between 5 and 1000000", muster.Clip(s, 20))
	}
	return n, nil
}

// Quota bounds how many messages or calls leave in a day (UTC). The last fifth is kept for pages of high urgency. Nothing
// is left out in silence: what is refused is an error for its delivery, so that the person's next contact method goes, and
// the log says it loudly, from four fifths on. It is kept in memory: a restart and a changed document begin anew, and each
// node counts for itself.
type Quota struct {
	name  string
	limit int
	log   *slog.Logger

	mu   sync.Mutex
	day  int64
	used int
	told int // how loud it has been today: 1 four fifths, 2 all
}

// NewQuota makes the limit of a connector.
func NewQuota(name string, limit int, log *slog.Logger) *Quota {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Quota{name: name, limit: limit, log: log}
}

// Take counts one message or call at the time now. high says that a person is paged with high urgency.
func (q *Quota) Take(now time.Time, high bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if day := now.Unix() / 86400; day != q.day {
		q.day, q.used, q.told = day, 0, 0
	}
	open, word := q.limit, "used up"
	if !high {
		open, word = q.limit-q.limit/5, "used up but for pages of high urgency"
	}
	if q.used >= open {
		if q.told < 2 && high {
			q.told = 2
			q.log.Error("the daily limit of a connector is used up: nobody is reached by it until midnight UTC; raise daily_limit", "connector", q.name, "limit", q.limit)
		}
		return fmt.Errorf("the daily limit of %d of the connector %q is %s until midnight UTC: raise its setting daily_limit", q.limit, q.name, word)
	}
	if q.used++; q.told < 1 && q.used >= q.limit-q.limit/5 {
		q.told = 1
		q.log.Error("four fifths of the daily limit of a connector are used: from now on it takes pages of high urgency alone; raise daily_limit",
			"connector", q.name, "used", q.used, "limit", q.limit)
	}
	return nil
}

// Give takes back one that did not leave.
func (q *Quota) Give() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used = max(q.used-1, 0)
}
