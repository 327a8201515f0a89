package sim

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
)

// record is what happened in a run, as it looked from outside: what was sent and answered, what the phones received, when
// the process was down. At the end the rows that Muster kept come beside it.
type record struct {
	mu    sync.Mutex
	sends []*send
	ops   []*op
	calls []*call
	edits []*edit
	downs []span
	notes []string // of the runner itself, for the story

	early []Violation // seen while it ran

	alerts  []*muster.Alert
	pages   []*muster.Page
	notices []*muster.Notice
	books   []muster.LedgerRow // in their order; those without a place come last
	end     time.Time          // of the run
}

// span is a stretch of time. Both ends belong to it.
type span struct{ from, to time.Time }

func (s span) has(t time.Time) bool { return !t.Before(s.from) && !t.After(s.to) }

func (s span) meets(o span) bool { return !s.to.Before(o.from) && !o.to.Before(s.from) }

// send is a request of a monitor, with its repetitions until it was answered for certain.
type send struct {
	action  int
	span              // from the first attempt to the answer
	clear   bool      // it tells of an end
	claim   time.Time // when it was by the sender's own clock; zero: it did not say
	keys    []int
	group   string
	unknown int // attempts whose outcome nobody knows
	status  int // of the answer; 0: there was none
	results []sendResult
}

type sendResult struct {
	Alert   string `json:"alert"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail"`
}

// op is what a person did about an alert.
type op struct {
	action int
	span
	kind    Kind
	key     int
	alert   string
	who     string
	group   string
	long    time.Duration // of a snooze
	page    string        // whose button was pressed
	unknown int
	status  int
	answer  string    // the alert's status, as answered
	until   time.Time // of a silence, as answered
}

// person is who did it: of a page, whom it was for.
func (o *op) person() string {
	who, _, _ := strings.Cut(o.who, "-")
	return who
}

// call is one call that a provider received.
type call struct {
	at      time.Time
	host    string // of the connector: phone.test or pager.test
	address string // the rest of the address: the person, and behind a hyphen what is wrong with it
	key     string // idempotency key
	page    string
	alert   string
	title   string
	link    string
	step    int
	round   int
	notice  bool
	fault   string // "": it was answered properly
	after   time.Duration
	done    time.Time // when the answer was given
	cut     bool      // the process died before the answer
}

// edit is a change of the catalog or of a contact method.
type edit struct {
	action int
	span
	put     any
	who     string // whose contact method was removed
	method  string
	unknown int
	status  int
}

func (r *record) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, what)
}

// lastCall is the last call about an alert.
func (r *record) lastCall(alert string) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range slices.Backward(r.calls) {
		if c.alert == alert && c.link != "" {
			return c
		}
	}
	return nil
}

// alertOf is the newest alert of a condition that a monitor was told of, "" for none.
func (r *record) alertOf(key int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range slices.Backward(r.sends) {
		for i, k := range s.keys {
			if k == key && i < len(s.results) && s.results[i].Alert != "" {
				return s.results[i].Alert
			}
		}
	}
	return ""
}
