package sim

import (
	"fmt"
	"strings"
	"time"
)

// Kind is what an action does.
type Kind string

// The kinds of actions: what senders, people, admins and misfortune do.
const (
	Fire      Kind = "fire"     // conditions begin, or are told of again
	Clear     Kind = "clear"    // conditions end
	Ack       Kind = "ack"      // a person acknowledges by the API
	AckPage   Kind = "ack-page" // a person presses the button of the last page about it
	Look      Kind = "look"     // something opens the page's link and presses nothing: a scanner of mail
	Unack     Kind = "unack"    // a person gives the alert back
	Escalate  Kind = "escalate" // a person asks for the next step
	Resolve   Kind = "resolve"  // a person ends the alert
	Snooze    Kind = "snooze"   // a person puts the alert off for a while
	Silence   Kind = "silence"  // a group of alerts is held back for a while
	PutPolicy Kind = "policy"   // a policy is changed
	PutRoster Kind = "roster"   // a roster is changed: people, hand-over or an override
	PutUser   Kind = "user"     // a person leaves or comes back, or changes their rules
	Remove    Kind = "remove"   // a contact method is removed
	Crash     Kind = "crash"    // the process ends at once, at a named place
	Restart   Kind = "restart"  // the process is ended properly and started again
	Provider  Kind = "provider" // a provider misbehaves for a while
	Store     Kind = "store"    // the database misbehaves for a while
)

// Action is one thing that happens. Actions are drawn up front, so that a story can be told again without some of them.
type Action struct {
	ID    int
	At    time.Duration
	Kind  Kind
	Keys  []int         // conditions
	Group string        // of the conditions, of a silence
	Twice bool          // the request is sent twice at the same moment
	Who   string        // person
	For   time.Duration // of a silence, a snooze, of down time, of weather
	Claim time.Duration // when it was by the sender's own clock, since the beginning of the story; 0: it does not say
	How   string        // crash: the place; provider and store: the fault
	Nth   int           // crash: so many passes of the place
	Share float64       // of the calls that a fault hits
	After time.Duration // Retry-After
	Name  string        // connector, document or method
	put   any           // *policy, *roster or *user
}

// Scenario is a whole story.
type Scenario struct {
	Seed    uint64
	Org     *org
	Actions []Action
	Length  time.Duration // of what happens
	Settle  time.Duration // without misfortune, at the end
}

// String tells an action in plain words.
func (a Action) String() string {
	at := fmt.Sprintf("%8s  ", a.At.Round(time.Millisecond))
	keys := keyNames(a.Keys)
	switch a.Kind {
	case Fire, Clear:
		what := "tells that " + keys + " fails"
		if a.Kind == Clear {
			what = "tells that " + keys + " works again"
		}
		if a.Twice {
			what += ", in two equal requests at once"
		}
		if a.Claim != 0 {
			what += " since " + a.Claim.String()
		}
		return at + "the monitor of " + a.Group + " " + what
	case Ack:
		return at + a.Who + " acknowledges " + keys
	case AckPage:
		return at + "whoever was paged last about " + keys + " presses the button of that page"
	case Look:
		return at + "a scanner opens the link of the last page about " + keys
	case Unack:
		return at + a.Who + " gives " + keys + " back"
	case Escalate:
		return at + a.Who + " asks for the next step of " + keys
	case Resolve:
		return at + a.Who + " resolves " + keys
	case Snooze:
		return at + a.Who + " snoozes " + keys + " for " + a.For.String()
	case Silence:
		return at + a.Who + " silences " + a.Group + " for " + a.For.String()
	case PutPolicy, PutRoster, PutUser:
		return at + "boss changes " + docText(a.put)
	case Remove:
		return at + "boss removes the contact method " + a.Name + " of " + a.Who
	case Crash:
		return at + fmt.Sprintf("the process is killed at %q (pass %d) and is down for %s", a.How, a.Nth, a.For)
	case Restart:
		return at + "the process is restarted and is down for " + a.For.String()
	case Provider:
		t := fmt.Sprintf("the provider of %s answers %.0f %% of the calls with %q for %s", a.Name, 100*a.Share, a.How, a.For)
		if a.After > 0 {
			t += ", Retry-After " + a.After.String()
		}
		return at + t
	case Store:
		return at + fmt.Sprintf("the database: %.0f %% of the commands %s for %s", 100*a.Share, a.How, a.For)
	}
	return at + string(a.Kind)
}

func keyNames(keys []int) string {
	if len(keys) > 4 {
		return fmt.Sprintf("c%d … c%d (%d conditions)", keys[0], keys[len(keys)-1], len(keys))
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = fmt.Sprintf("c%d", k)
	}
	return strings.Join(names, ", ")
}

func docText(doc any) string {
	text := ""
	switch d := doc.(type) {
	case *policy:
		text = d.doc()
	case *roster:
		text = d.doc()
	case *user:
		text = d.doc()
	}
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n              ")
}
