package muster

import "slices"

// SwapRequest asks for a change of who has a shift, or offers one. Once it is accepted a [Swap] in the roster's document says
// who is on call (an [Override], where the holder has the shift by no turn of their own); the request stays as the record.
type SwapRequest struct {
	ID     SwapRequestID `json:"id"`
	Kind   SwapKind      `json:"kind"`
	Status SwapStatus    `json:"status"`
	Roster RosterName    `json:"roster"`
	Role   RosterRole    `json:"role"`
	Holder UserName      `json:"holder"`          // whose shift it is
	Shift  ShiftRef      `json:"shift,omitzero"`  // zero: the holder has it by an override or by a swap
	Whole  bool          `json:"whole,omitempty"` // all of the turn, wherever it moves to
	From   Instant       `json:"from"`            // what is asked for, as it stood when it was asked
	Until  Instant       `json:"until"`

	Return      *ShiftRef `json:"in_return,omitzero"` // the shift that the holder takes in exchange
	ReturnFrom  Instant   `json:"in_return_from,omitzero"`
	ReturnUntil Instant   `json:"in_return_until,omitzero"`

	By        UserName   `json:"by"`              // who asks, offers or arranges
	Asked     UserName   `json:"asked,omitempty"` // who may answer; empty: everybody on the roster
	Taker     UserName   `json:"taker,omitempty"` // who takes the shift, as soon as that is known
	Why       string     `json:"why,omitempty"`
	CreatedAt Instant    `json:"created_at"`
	Declined  []UserName `json:"declined,omitempty"` // who of everybody said no

	AnsweredBy UserName `json:"answered_by,omitempty"`
	AnsweredAt Instant  `json:"answered_at,omitzero"`
	Answer     string   `json:"answer,omitempty"`  // what they said to it
	Patches    []string `json:"patches,omitempty"` // the swap or the overrides in the roster that came of it
}

// SwapKind says who began it.
type SwapKind string

// The kinds of swap requests.
const (
	SwapAsked   SwapKind = "request" // the holder asks for somebody to take the shift
	SwapOffered SwapKind = "offer"   // a volunteer offers to take it
)

// SwapStatus says what became of a swap request.
type SwapStatus string

// The states of a swap request. All but open are final.
const (
	SwapOpen      SwapStatus = "open"
	SwapAccepted  SwapStatus = "accepted"
	SwapDeclined  SwapStatus = "declined"
	SwapWithdrawn SwapStatus = "withdrawn"
	SwapExpired   SwapStatus = "expired" // the shift was over before anybody answered
)

// SwapStatuses lists the states.
func SwapStatuses() []SwapStatus {
	return []SwapStatus{SwapOpen, SwapAccepted, SwapDeclined, SwapWithdrawn, SwapExpired}
}

// Parties lists the people whom a request names, each once: who made it, the holder, who is asked, who takes the shift.
func (s *SwapRequest) Parties() (all []UserName) {
	for _, u := range []UserName{s.By, s.Holder, s.Asked, s.Taker} {
		if u != "" && !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all
}

// MayAnswer reports whether a person is asked: the holder by an offer; by a request whom it names, else everybody who belongs
// to the roster.
func (s *SwapRequest) MayAnswer(u UserName, c *Catalog) bool {
	switch {
	case u == "" || u == s.By:
		return false
	case s.Kind == SwapOffered:
		return u == s.Holder
	case s.Asked != "":
		return u == s.Asked
	}
	return slices.Contains(c.RosterPeople(s.Roster), u)
}

// RosterPeople lists who belongs to a roster: whom it puts on call, and the members and owners of its team. Each once, by
// name, without those who have left.
func (c *Catalog) RosterPeople(name RosterName) (all []UserName) {
	r := c.Rosters[name]
	if r == nil {
		return nil
	}
	all = r.Everybody()
	if t := c.Teams[r.Team]; t != nil {
		all = append(all, t.Owners...)
	}
	for _, u := range c.Users {
		if r.Team != "" && slices.Contains(u.Teams, r.Team) {
			all = append(all, u.Name)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(u UserName) bool { return c.Users[u] == nil || c.Users[u].Disabled })
}
