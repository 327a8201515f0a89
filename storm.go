package muster

import "time"

// Storm says when the pages of a person are gathered: when they would get more than Pages within Within. Then one page, a
// digest, tells of the further alerts together.
type Storm struct {
	Pages  int      `json:"pages,omitempty"`  // 5 when missing
	Within Duration `json:"within,omitempty"` // 2m when missing
	Off    bool     `json:"off,omitempty"`    // never: each alert pages by itself
}

// The bounds of a storm, where the person's document says nothing else, and how long its first digest waits for more.
const (
	StormPages  = 5
	StormWithin = 2 * time.Minute
	GatherFor   = 10 * time.Second
	MaxDigest   = 300 // alerts of one digest; further ones wait for the next
)

// StormOf gives when the pages of a person are gathered, with what is missing filled in.
func (c *Catalog) StormOf(u UserName) Storm {
	s := Storm{Pages: StormPages, Within: Duration(StormWithin)}
	if doc := c.Users[u]; doc != nil && doc.Storm != nil {
		s.Off = doc.Storm.Off
		if doc.Storm.Pages > 0 {
			s.Pages = doc.Storm.Pages
		}
		if doc.Storm.Within > 0 {
			s.Within = doc.Storm.Within
		}
	}
	return s
}

func (s *Storm) check(path string) (f []FieldError) {
	if s == nil {
		return nil
	}
	if s.Pages < 0 || s.Pages > 1000 {
		f = append(f, FieldError{Path: path + ".pages", Message: "between 1 and 1000 pages; 5 when it is missing"})
	}
	if w := s.Within.Std(); w != 0 && (w < 30*time.Second || w > MaxStormWithin) {
		f = append(f, FieldError{Path: path + ".within", Message: "between 30s and 1h; 2m when it is missing"})
	}
	return f
}

// MaxStormWithin is the longest time in which the pages of a storm are counted.
const MaxStormWithin = time.Hour

// Storming is a storm that is on for a person. It is over when nothing was gathered since the last digest.
type Storming struct {
	Person     UserName      `json:"person"`
	Since      Instant       `json:"since"`
	Services   []ServiceName `json:"services"`   // that it is about: high urgency of another one is not held
	Generation int           `json:"generation"` // of its timer
}

// Gathered is a person's page that waits for the next digest.
type Gathered struct {
	Person     UserName     `json:"person"`
	Alert      AlertID      `json:"alert"`
	Escalation EscalationID `json:"escalation"`
	Step       int          `json:"step"`
	Round      int          `json:"round"`
	At         Instant      `json:"at"`
	Why        []Reason     `json:"why"`
}

// Gathering says why a page was gathered: the person would have got more than Pages within Within.
type Gathering struct {
	Pages  int      `json:"pages"`
	Within Duration `json:"within"`
}

// RecentPage is an alert about which a person was paged lately.
type RecentPage struct {
	Person  UserName
	Alert   AlertID
	Service ServiceName
	Apart   bool // paged singly although a storm of other services was on
	At      Instant
}

// Rating is what a person said of having been paged about an alert.
type Rating struct {
	Alert   AlertID     `json:"alert"`
	Person  UserName    `json:"person"`
	Route   RouteName   `json:"route"`
	Service ServiceName `json:"service"`
	Useful  bool        `json:"useful"`
	Why     string      `json:"why,omitempty"`
	At      Instant     `json:"at"`
}

// Noise counts what a route sends for a service: pages that people rated, and conditions that were over within their hold.
type Noise struct {
	Route     RouteName   `json:"route"`
	Service   ServiceName `json:"service"`
	Useful    int         `json:"useful"`
	NotUseful int         `json:"not_useful"`
	Flaps     int         `json:"flaps"`
}

// Volume says how much there was of alerts and pages.
type Volume struct {
	Alerts map[ServiceName]int
	Pages  []PageCount
	Cut    bool // there was more than was looked at: only the newest ones are counted
}

// PageCount counts the pages about a service that went by a connector and stand at a state.
type PageCount struct {
	Service   ServiceName
	Connector ConnectorName
	State     PageState
	Pages     int
}
