package muster

import "strings"

// ReasonKind says which part of a decision a [Reason] tells.
type ReasonKind string

// The kinds of reasons, in the order in which an explanation tells them.
const (
	ReasonSource      ReasonKind = "source"
	ReasonMapping     ReasonKind = "mapping"
	ReasonFingerprint ReasonKind = "fingerprint"
	ReasonRoute       ReasonKind = "route"
	ReasonSilence     ReasonKind = "silence"
	ReasonPolicy      ReasonKind = "policy"
	ReasonStep        ReasonKind = "step"
	ReasonRoster      ReasonKind = "roster"
	ReasonLayer       ReasonKind = "layer"
	ReasonOverride    ReasonKind = "override"
	ReasonSwap        ReasonKind = "swap"
	ReasonCondition   ReasonKind = "condition"
	ReasonPerson      ReasonKind = "person"
	ReasonContact     ReasonKind = "contact"
	ReasonPage        ReasonKind = "page"
	ReasonNobody      ReasonKind = "nobody"
)

// Reason is one step of an explanation: what decided, under which revision, and the sentence. Deciders return reasons as
// values; a surface shows Text, or words it anew from Kind, Ref and Facts.
type Reason struct {
	Kind     ReasonKind        `json:"kind"`
	Ref      string            `json:"ref,omitempty"` // "policies/storefront-urgent", "rosters/storefront"
	Revision Revision          `json:"revision,omitempty"`
	Text     string            `json:"text"`
	Facts    map[string]string `json:"facts,omitempty"` // "user": "ana", "wait": "5m": for surfaces that word it themselves
}

// DocRef names a document: "rosters/storefront".
func DocRef[N ~string](kind Kind, name N) string { return string(kind) + "/" + string(name) }

// SplitDocRef is the reverse of [DocRef].
func SplitDocRef(ref string) (Kind, string, bool) {
	k, n, ok := strings.Cut(ref, "/")
	return Kind(k), n, ok
}

// Explanation is the answer to "who is paged at this moment, and why": the same value whether the engine asked or a
// person did.
type Explanation struct {
	At       Instant   `json:"at"`
	Revision Revision  `json:"revision"` // of the catalog that decided
	Steps    []Reason  `json:"steps"`
	People   []Planned `json:"people"` // empty: nobody, and a step says so

	Informed []Informed `json:"informed,omitempty"` // shadows of whom a step paged
	Told     []Told     `json:"told,omitempty"`     // rooms and webhooks that a step told
}

// Informed is a shadow who is told that somebody else was paged. Nobody expects an answer of them, and they count for nothing
// in the escalation.
type Informed struct {
	User    UserName   `json:"id"`
	Name    string     `json:"name"`
	Roster  RosterName `json:"roster"` // whose shadow they are
	With    []string   `json:"with"`   // names of those who were paged; never empty
	Step    int        `json:"step"`   // counts from 1
	Round   int        `json:"round"`
	Reasons []Reason   `json:"why"`
}

// Planned is one page that a decision asks for: this person by this method at this moment.
type Planned struct {
	User    UserName    `json:"id"`
	Name    string      `json:"name"`
	Contact ContactFact `json:"contact"`
	At      Instant     `json:"at"`    // when it is due
	Step    int         `json:"step"`  // counts from 1
	Round   int         `json:"round"` // counts from 1; repeats of the policy
	Reasons []Reason    `json:"why"`
}
