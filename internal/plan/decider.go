package plan

import (
	"cmp"
	"encoding/binary"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// decided is what routing says of an alert, as far as paging is concerned.
type decided struct {
	policy   muster.PolicyName
	urgency  muster.Urgency
	severity muster.AlertSeverity // where a policy asks for it
	held     int64                // a silence holds it back until then; 0: none does
	record   bool                 // nobody is ever paged
	triage   bool                 // nobody is paged until a person confirms it
}

var waits = &reach{why: []muster.Reason{{Kind: muster.ReasonNobody, Text: "It waits for triage: nobody is paged until a person confirms it."}}}

var records = &reach{why: []muster.Reason{{Kind: muster.ReasonNobody, Text: "Its route records it: nobody is paged."}}}

func (d *decided) reach(r *reacher, at int64) *reach {
	if d.record {
		return records
	}
	if d.triage {
		return waits
	}
	return r.at(d.policy, d.urgency, d.severity, max(at, d.held))
}

// decider routes past alerts, and remembers the answer for alerts in which nothing differs that a match asks about.
type decider struct {
	s                                    *Snapshot
	title, severity, summary, detectedBy bool     // whether any match mentions it
	labels                               bool     // whether any match may look at any label
	named                                []string // the labels that matches look at, when it is these alone
	edges                                []int64  // when silences begin and end
	known                                map[string]decided
	key                                  []byte
}

// maxDecided bounds the memory of a decider.
const maxDecided = 1 << 16

func newDecider(s *Snapshot) *decider {
	d := &decider{s: s, known: map[string]decided{}}
	for _, p := range s.Catalog.Policies {
		d.severity = d.severity || asksSeverity(p)
	}
	look := func(match string) {
		d.title = d.title || strings.Contains(match, "title")
		d.severity = d.severity || strings.Contains(match, "severity")
		d.summary = d.summary || strings.Contains(match, "summary")
		d.detectedBy = d.detectedBy || strings.Contains(match, "detected_by")
		some, every := labelsOf(match)
		d.named, d.labels = append(d.named, some...), d.labels || every
	}
	for _, r := range s.Catalog.Routes {
		look(r.Match)
	}
	for _, x := range s.Catalog.Silences {
		look(x.Match)
		d.edges = append(d.edges, x.From.Micros(), x.Until.Micros())
	}
	slices.Sort(d.named)
	d.named = slices.Compact(d.named)
	slices.Sort(d.edges)
	d.edges = slices.Compact(d.edges)
	return d
}

// decide runs the rules, or remembers.
func (d *decider) decide(s *muster.Signal, at int64) decided {
	d.read(s, at)
	if x, ok := d.known[string(d.key)]; ok {
		return x
	}
	dec := d.s.Rules.Decide(s, muster.FromMicros(at))
	x := decided{policy: dec.Policy, urgency: dec.Urgency, triage: dec.Triage, record: dec.Record}
	if d.severity {
		x.severity = s.Severity
	}
	if dec.Suppressed != nil {
		x.held = dec.Suppressed.Until.Micros()
	}
	if len(d.known) >= maxDecided {
		clear(d.known)
	}
	d.known[string(d.key)] = x
	return x
}

// read makes the key of everything that the rules can look at.
func (d *decider) read(s *muster.Signal, at int64) {
	d.key = d.key[:0]
	text := func(t string) {
		d.key = binary.AppendUvarint(d.key, uint64(len(t)))
		d.key = append(d.key, t...)
	}
	text(string(s.Source))
	text(string(s.Service))
	if s.Triage {
		text("triage")
	} else {
		text("")
	}
	if len(d.edges) > 0 {
		i, found := slices.BinarySearch(d.edges, at)
		if found {
			i++
		}
		d.key = binary.AppendUvarint(d.key, uint64(i))
	}
	if d.title {
		text(s.Title)
	}
	if d.severity {
		text(string(s.Severity))
	}
	if d.summary {
		text(s.Summary)
	}
	if d.detectedBy {
		text(string(s.DetectedBy))
	}
	if d.labels {
		d.key = binary.AppendUvarint(d.key, uint64(len(s.Labels)))
		for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
			text(name)
			text(s.Labels[name])
		}
		return
	}
	for _, name := range d.named {
		v, ok := s.Labels[name]
		if !ok {
			d.key = append(d.key, 0)
			continue
		}
		d.key = append(d.key, 1)
		text(v)
	}
}

var (
	anyLabels  = regexp.MustCompile(`labels`)
	namedLabel = regexp.MustCompile(`\blabels\s*\[\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*\]|(?:"([^"\\]*)"|'([^'\\]*)')\s+in\s+labels\b`)
)

// labelsOf finds the labels that a match looks at: labels["host"], "host" in labels. When it mentions labels in any other
// way, it may look at every one.
func labelsOf(match string) (names []string, every bool) {
	found := namedLabel.FindAllStringSubmatch(match, -1)
	for _, f := range found {
		names = append(names, cmp.Or(f[1:]...))
	}
	return names, len(found) < len(anyLabels.FindAllString(match, -1))
}

// sameRouting reports whether two catalogs route everything alike, to policies of the same names.
func sameRouting(a, b *muster.Catalog) bool {
	for _, k := range []muster.Kind{muster.KindRoutes, muster.KindSilences, muster.KindServices, muster.KindSources} {
		x, y := a.Documents(k), b.Documents(k)
		if !slices.EqualFunc(x, y, Same) {
			return false
		}
	}
	return maps.EqualFunc(a.Policies, b.Policies, func(*muster.Policy, *muster.Policy) bool { return true })
}
