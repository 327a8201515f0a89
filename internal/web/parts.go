package web

import (
	"maps"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// An event of the bus names kinds of timeline entries; a page is made of parts. These tables say which parts of a page an
// entry of a kind changes. Part names are those that the view structs document.

var roomTable = map[muster.EntryKind][]string{
	muster.EntrySaid:      {"stream", "answers", "seen"},
	muster.EntrySaw:       {"stream", "answers", "seen"},
	muster.EntryFelt:      {"stream", "answers", "seen"},
	muster.EntryDid:       {"stream", "answers", "seen", "head", "phases"},
	muster.EntryDecided:   {"stream", "answers", "seen", "head", "phases", "menu"},
	muster.EntrySignal:    {"stream", "alerts", "answers"},
	muster.EntryAlert:     {"stream", "alerts", "answers", "phases", "seen"},
	muster.EntryPage:      {"stream", "alerts", "answers"},
	muster.EntryIncident:  {"stream", "head", "phases", "answers", "status", "menu", "alerts"},
	muster.EntryRole:      {"stream", "head", "roles", "answers"},
	muster.EntryAnswer:    {"stream", "answers"},
	muster.EntryAction:    {"stream", "actions", "answers", "phases"},
	muster.EntryTheory:    {"stream", "theories"},
	muster.EntryUpdate:    {"stream", "head", "update", "status", "answers"},
	muster.EntryPromise:   {"stream", "head"},
	muster.EntryReview:    {"stream", "head", "phases"},
	muster.EntrySeen:      {"seen", "answers"},
	muster.EntryPublished: {"stream", "status"},
}

var alertTable = map[muster.EntryKind][]string{
	muster.EntrySignal:   {"head", "notes", "timeline", "side"},
	muster.EntryAlert:    {"head", "notes", "trio", "why", "ladder", "joined", "timeline"},
	muster.EntryPage:     {"head", "notes", "why", "ladder", "timeline"},
	muster.EntryIncident: {"head", "timeline"},
}

// roomParts are the parts of a room.
func roomParts(kinds []string) []string { return fromTable(roomTable, kinds, "stream") }

// alertParts are the parts of an alert's page.
func alertParts(kinds []string) []string {
	return fromTable(alertTable, kinds, "head", "timeline")
}

// nowParts are the parts of Now, and of the lists and the wall, which listen to the same topic. A page leaves out the
// parts that it does not have.
func nowParts(kinds []string) []string {
	parts := map[string]bool{}
	for _, k := range kinds {
		switch muster.EntryKind(k) {
		case muster.EntrySignal, muster.EntryAlert, muster.EntryPage:
			add(parts, "headline", "unowned", "incidents", "changes", "list", "wall")
		case "catalog":
			add(parts, "oncall", "unowned", "changes", "head", "now", "lanes", "list", "wall")
		default:
			add(parts, "headline", "incidents", "changes", "list", "wall")
		}
	}
	return slices.Sorted(maps.Keys(parts))
}

func phonesParts([]string) []string { return []string{"phones"} }

func statusParts([]string) []string { return []string{"*"} }

func reviewParts([]string) []string { return []string{"findings", "questions", "actions"} }

func fromTable(table map[muster.EntryKind][]string, kinds []string, otherwise ...string) []string {
	parts := map[string]bool{}
	for _, k := range kinds {
		if list, ok := table[muster.EntryKind(k)]; ok {
			add(parts, list...)
		} else {
			add(parts, otherwise...)
		}
	}
	return slices.Sorted(maps.Keys(parts))
}

func add(set map[string]bool, names ...string) {
	for _, n := range names {
		set[n] = true
	}
}

// withBell are the parts of a page, and those that show how much is new for its person, which every page has.
func withBell(t topic, kinds []string) []string {
	rest := slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k == command.NoticePart })
	if len(rest) == len(kinds) {
		return t.parts(kinds)
	}
	if t.name == "setup" { // a contact method that was verified tells by its notice
		return []string{"*"}
	}
	bell := []string{command.NoticePart, "bell-more", "notices"}
	if len(rest) == 0 {
		return bell
	}
	return append(bell, t.parts(rest)...)
}
