package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// Answers are the answers to the five questions. What a person answered stands; what nobody answered, Muster answers from
// the facts and signs it. A question for which there are no facts has no answer, so that screens ask.
func Answers(inc muster.Incident, f Facts, now muster.Instant) map[muster.Question]muster.Answer {
	out := map[muster.Question]muster.Answer{}
	if f.Now.IsZero() {
		f.Now = now
	}
	for _, q := range muster.Questions() {
		if a, ok := inc.Answers[q]; ok && !a.By.Machine && strings.TrimSpace(a.Text) != "" {
			out[q] = a
			continue
		}
		text, at := derive(q, inc, f)
		if text == "" {
			continue
		}
		if at.IsZero() || at.After(now.Time) {
			at = now
		}
		out[q] = muster.Answer{Text: text, By: muster.Engine().By(), At: at}
	}
	return out
}

func derive(q muster.Question, inc muster.Incident, f Facts) (string, muster.Instant) {
	switch q {
	case muster.QuestionWhen:
		return whenKnown(inc, f)
	case muster.QuestionHow:
		return howKnown(inc, f)
	case muster.QuestionWho:
		return whoKnows(inc, f)
	case muster.QuestionDoing:
		return beingDone(inc, f)
	case muster.QuestionBad:
		return howBad(inc, f)
	}
	return "", muster.Instant{}
}

func whenKnown(inc muster.Incident, f Facts) (string, muster.Instant) {
	if inc.DetectedAt.IsZero() {
		return "", muster.Instant{}
	}
	if inc.KnownAt.IsZero() {
		return fmt.Sprintf("Nobody has taken notice yet. It began to show at %s.", f.dayClock(inc.DetectedAt)), inc.DetectedAt
	}
	if !inc.KnownAt.After(inc.DetectedAt.Time) {
		return fmt.Sprintf("At %s, as soon as it began to show.", f.dayClock(inc.KnownAt)), inc.KnownAt
	}
	return fmt.Sprintf("At %s, %s after it began to show.", f.dayClock(inc.KnownAt), span(inc.KnownAt.Sub(inc.DetectedAt.Time))), inc.KnownAt
}

func howKnown(inc muster.Incident, f Facts) (string, muster.Instant) {
	a := f.first()
	by := inc.DetectedBy
	if by == "" && a != nil {
		by = a.DetectedBy
	}
	if a == nil {
		who := inc.DeclaredBy.Name
		switch {
		case by == muster.DetectedByCustomer && who != "":
			return "A customer told us. " + who + " declared it.", inc.DeclaredAt
		case by == muster.DetectedByMonitoring:
			return "Our monitoring told us.", inc.DeclaredAt
		case who != "" && !inc.DeclaredBy.Machine:
			return who + " noticed it and declared it.", inc.DeclaredAt
		}
		return "", muster.Instant{}
	}
	source, reporter := f.source(a.Source), ""
	if a.Reporter != "" {
		reporter = ": " + muster.Clip(a.Reporter, 80)
	}
	switch by {
	case muster.DetectedByCustomer:
		return fmt.Sprintf("A customer told us%s, by %s.", reporter, source), a.ReceivedAt
	case muster.DetectedByStaff:
		return fmt.Sprintf("One of us noticed it%s, and reported it by %s.", reporter, source), a.ReceivedAt
	case muster.DetectedByMonitoring:
	}
	return fmt.Sprintf("Our monitoring told us: %s.", source), a.ReceivedAt
}

// mostNames is how many people are told by name before the rest is counted.
const mostNames = 6

func whoKnows(inc muster.Incident, f Facts) (string, muster.Instant) {
	var names []string
	var at muster.Instant
	add := func(name string, when muster.Instant) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
			at = latest(at, when)
		}
	}
	var acked []string
	for _, a := range f.Alerts {
		if a.AcknowledgedBy == nil || a.AcknowledgedBy.Machine {
			continue
		}
		add(a.AcknowledgedBy.Name, a.AcknowledgedAt)
		if !slices.Contains(acked, a.AcknowledgedBy.Name) {
			acked = append(acked, a.AcknowledgedBy.Name)
		}
	}
	for _, r := range inc.Roles {
		if !r.Proposed && r.Until.IsZero() {
			add(r.Name, r.From)
		}
	}
	if !inc.DeclaredBy.Machine {
		add(inc.DeclaredBy.Name, inc.DeclaredAt)
	}
	for _, w := range slices.SortedFunc(slices.Values(f.Aware), func(a, b muster.Awareness) int { return a.First.Compare(b.First.Time) }) {
		add(w.Name, w.First)
	}
	if len(names) == 0 {
		return "", muster.Instant{}
	}
	shown := names
	if n := len(names) - mostNames; n > 1 {
		shown = append(slices.Clone(names[:mostNames]), fmt.Sprintf("%d more", n))
	}
	text := list(shown)
	if len(acked) > 0 {
		text += "; acknowledged by " + list(acked)
	}
	return text + ".", at
}

func beingDone(inc muster.Incident, f Facts) (string, muster.Instant) {
	var doing []string
	var at muster.Instant
	for _, a := range inc.Actions {
		if !a.EndedAt.IsZero() {
			continue
		}
		who := a.Name
		if who == "" {
			who = string(a.Person)
		}
		doing = append(doing, who+": "+muster.Clip(strings.TrimSpace(a.Text), 160))
		at = latest(at, a.StartedAt)
	}
	switch {
	case len(doing) > 0:
		return strings.Join(doing, "; "), at
	case !inc.ResolvedAt.IsZero():
		return "It is resolved since " + f.dayClock(inc.ResolvedAt) + ".", inc.ResolvedAt
	case !inc.MitigatedAt.IsZero():
		return "It is mitigated since " + f.dayClock(inc.MitigatedAt) + "; no action is running.", inc.MitigatedAt
	}
	return "", muster.Instant{}
}

func howBad(inc muster.Incident, f Facts) (string, muster.Instant) {
	var parts []string
	at := inc.DeclaredAt
	if inc.Severity != "" {
		parts = append(parts, string(inc.Severity))
	}
	for _, a := range f.Alerts {
		impact := strings.TrimSuffix(strings.TrimSpace(a.Impact), ".")
		if impact == "" || strings.EqualFold(impact, muster.Unknown) {
			continue
		}
		if impact = muster.Clip(impact, 200); !slices.Contains(parts, impact) && len(parts) < 4 {
			parts = append(parts, impact)
			at = latest(at, a.ReceivedAt)
		}
	}
	if len(parts) == 0 {
		return "", muster.Instant{}
	}
	if len(parts) == 1 && inc.Severity != "" {
		return parts[0] + ". Who is affected is not known yet.", at
	}
	return strings.Join(parts, ". ") + ".", at
}
