package intake

import (
	"maps"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// Prometheus reads the part that Alertmanager's webhook and Alertmanager's API have in common: labels, annotations,
// startsAt and generatorURL of one alert.
func Prometheus(src *muster.Source, a Value, path string, received muster.Instant) muster.Signal {
	s := New(src, received)
	labels, notes := a.Get("labels"), a.Get("annotations")
	for _, f := range labels.Fields() {
		if f.Value.Text() != "" {
			s.Labels[f.Name] = f.Value.Text()
		}
	}
	pick := func(what string, into *string, from ...string) {
		for _, p := range from {
			where, name, _ := strings.Cut(p, ".")
			if t := a.Get(where).Get(name).Text(); strings.TrimSpace(t) != "" {
				*into = t
				s.Mapped = append(s.Mapped, what+" from "+path+p)
				return
			}
		}
	}
	var severity, service string
	pick("title", &s.Title, "annotations.summary", "annotations.title", "labels.alertname")
	pick("summary", &s.Summary, "annotations.description", "annotations.message")
	pick("impact", &s.Impact, "annotations.impact")
	pick("action", &s.Action, "annotations.action")
	pick("severity", &severity, "labels.severity")
	pick("service", &service, "labels.service")
	s.Severity, s.Service = Severity(severity), muster.ServiceName(service)
	for _, l := range []struct{ title, url string }{
		{"Runbook", notes.Get("runbook_url").Text()}, {"Dashboard", notes.Get("dashboard_url").Text()}, {"Source", a.Get("generatorURL").Text()},
	} {
		if l.url != "" {
			s.Links = append(s.Links, muster.ContextLink{Title: l.title, URL: l.url})
		}
	}
	if t := a.Get("startsAt").Text(); t != "" {
		SetTime(&s, t, received)
	}
	return s
}

// IdentifyByLabels says that all labels together identify the condition. Labels that cannot be kept as they are identify
// it by a digest of what came, so that cutting them does not make two conditions one.
func IdentifyByLabels(s *muster.Signal) {
	names := slices.Sorted(maps.Keys(s.Labels))
	kept := len(names) <= MaxLabels
	parts := make([]string, 0, 2*len(names))
	for _, n := range names {
		kept = kept && LabelKept(n, s.Labels[n])
		parts = append(parts, n, s.Labels[n])
	}
	if kept {
		s.Identity = names
		return
	}
	s.Identity = []string{"labels " + Digest(parts...)}
}

// ObjectOfTexts says what is wrong with a label set: it must be an object whose values are texts.
func ObjectOfTexts(v Value, path string) (f []muster.FieldError) {
	if v.Type != Object && v.Type != Absent && v.Type != Null {
		return []muster.FieldError{{Path: path, Message: "must be an object of names and texts"}}
	}
	for _, e := range v.Fields() {
		if e.Value.Type != String {
			f = append(f, muster.FieldError{Path: path + "." + muster.CleanLine(e.Name, 60), Message: "must be a text"})
		}
	}
	return f
}
