package view

import "time"

// streamItem is one line of a stream: an entry, or something that the view puts between entries.
type streamItem struct {
	id    string // stable across refreshes, so that the script can append
	sep   string // "day", "new", "silence"; "" for an entry
	text  string
	entry Entry
}

// items puts day separators, the line "new since you left" and silences between the entries.
func (st Stream) items(s Shell) []streamItem {
	limit := st.SilentAfter
	if limit <= 0 {
		limit = 2 * time.Minute
	}
	var out []streamItem
	marked := st.SeenAt.IsZero()
	var last time.Time
	for _, e := range st.Entries {
		if last.IsZero() || !sameDay(s.in(last), s.in(e.At)) {
			out = append(out, streamItem{id: "day-" + s.in(e.At).Format("20060102"), sep: "day", text: s.day(e.At) + ", times in " + s.in(e.At).Format("MST")})
		}
		if !marked && e.At.After(st.SeenAt) {
			marked = true
			if !last.IsZero() {
				out = append(out, streamItem{id: "new-" + iso(st.SeenAt), sep: "new", text: "New since you left at " + s.hm(st.SeenAt)})
			}
		}
		if gap := e.At.Sub(last); st.Unfiltered && !last.IsZero() && gap >= limit {
			out = append(out, streamItem{id: "gap-" + e.ID, sep: "silence", text: silence(gap)})
		}
		out = append(out, streamItem{id: e.ID, entry: e})
		last = e.At
	}
	return out
}

// silence words a stretch in which nobody said anything.
func silence(d time.Duration) string { return fine(d) + " of silence" }

// empty says that nothing was said yet.
func (st Stream) empty() bool { return len(st.Entries) == 0 }

// short is the name of a role where there is little room.
func (r RoleHeld) short() string {
	if r.Short != "" {
		return r.Short
	}
	return r.Role
}

// held lists the roles that somebody holds and that the header shows.
func (p Room) held() []RoleHeld {
	var out []RoleHeld
	for _, r := range p.Roles {
		if r.Person.Name != "" && r.Topic == "" && len(out) < 3 {
			out = append(out, r)
		}
	}
	return out
}

// running counts the actions in progress.
func (p Room) running() int {
	n := 0
	for _, a := range p.Actions {
		if a.EndedAt.IsZero() {
			n++
		}
	}
	return n
}

// canChange says that the incident's own menu has anything in it.
func (p Room) canChange() bool {
	return p.MitigateURL != "" || p.ResolveURL != "" || p.ReopenURL != "" || p.SeverityURL != "" || p.PageURL != ""
}

// words says when a phase ran, or that it is to come.
func (ph Phase) words(s Shell) string {
	switch {
	case ph.Words != "":
		return ph.Words
	case ph.From.IsZero():
		return "to come"
	case ph.To.IsZero():
		return "since " + s.short(ph.From)
	}
	return s.short(ph.From) + " to " + s.short(ph.To)
}

func (ph Phase) class() string {
	switch {
	case ph.From.IsZero():
		return ""
	case ph.To.IsZero():
		return "on"
	}
	return "done"
}

// clock is what the phase's clock shows.
func (ph Phase) clock(s Shell) string {
	switch {
	case ph.From.IsZero():
		return "–"
	case ph.To.IsZero():
		return clock(s.Now.Sub(ph.From))
	}
	return clock(ph.To.Sub(ph.From))
}

// scribeKinds are the five kinds that a person can write.
func scribeKinds() []Option {
	return []Option{
		{Value: "said", Text: "Said"},
		{Value: "saw", Text: "Saw"},
		{Value: "did", Text: "Did"},
		{Value: "decided", Text: "Decided"},
		{Value: "felt", Text: "Felt"},
	}
}

func (c Composer) chosen(kind string) bool { return c.Kind == kind || (c.Kind == "" && kind == "said") }
