// Package intake turns what monitors send into signals. Each format has a folder of its own here with one function,
// Parse; this package holds what they share: a strict reader for JSON, the rule of which time to believe, and the cleaning
// of text, because everything that a sender writes may be hostile.
//
// It imports the standard library and the root package only, does no I/O and has no clock: the time of receipt is handed
// in. It knows neither routes nor services: a service that a signal names may not exist.
package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// Parser reads a request's body, whose size was limited before, for the source whose key was used. Signals and an error
// may come together: the signals are good, and the error tells what is wrong with the rest of the request. An error is a
// [muster.Error]: [muster.ErrUnreadable] when the body is not JSON, [muster.ErrInvalid] with every path when it is not
// what the format promises. Each signal has a title and a state.
type Parser func(src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error)

// The limits of what a signal keeps. What is longer is cut; the body is kept as it came beside the signal.
const (
	MaxTitle      = 300  // characters
	MaxSummary    = 4000 // characters
	MaxSentence   = 1000 // characters of impact and action
	MaxLabels     = 100
	MaxLabelName  = 200  // bytes
	MaxLabelValue = 1000 // bytes
	MaxKey        = 1000 // bytes; what is longer is replaced by its beginning and its SHA-256
	MaxLinks      = 10
	MaxSignals    = 1000 // of one request
)

// believedWithin is how far from receipt a time in a payload may lie.
const believedWithin = 24 * time.Hour

// New begins a signal of the source: firing, detected at receipt, nothing known.
func New(src *muster.Source, received muster.Instant) muster.Signal {
	return muster.Signal{
		State: muster.SignalFiring, Severity: muster.SeverityUnknown, Source: src.Name, DetectedAt: received,
		DetectedBy: src.DetectedBy, Triage: src.Triage, Labels: map[string]string{},
	}
}

// Finish cleans and cuts every text of the signal and fills in what is missing. what names the format for a signal
// without a title: "Azure Monitor alert".
func Finish(s *muster.Signal, src *muster.Source, what string) {
	s.Title = muster.CleanLine(s.Title, MaxTitle)
	if s.Title == "" {
		name := muster.CleanLine(src.Title, 100)
		if name == "" {
			name = string(src.Name)
		}
		s.Title = what + " without a title from " + name
	}
	s.Summary = muster.CleanText(s.Summary, MaxSummary)
	if s.Impact = muster.CleanText(s.Impact, MaxSentence); s.Impact == "" {
		s.Impact = muster.Unknown
	}
	if s.Action = muster.CleanText(s.Action, MaxSentence); s.Action == "" {
		s.Action = muster.Unknown
	}
	s.Service = serviceName(s, src)
	if s.DetectedBy == "" {
		s.DetectedBy = muster.DetectedByMonitoring
	}
	s.Key = bounded(s.Key)
	for i := range s.Identity {
		s.Identity[i] = bounded(s.Identity[i])
	}
	cleanLabels(s)
	s.Links = cleanLinks(s)
	for i := range s.Mapped {
		s.Mapped[i] = muster.CleanLine(s.Mapped[i], 200)
	}
}

// serviceName takes what the signal names when it can be a name, else what the source says.
func serviceName(s *muster.Signal, src *muster.Source) muster.ServiceName {
	named := strings.ToLower(strings.TrimSpace(string(s.Service)))
	if named == "" {
		return src.Service
	}
	if muster.CheckName(named) == nil {
		return muster.ServiceName(named)
	}
	s.Mapped = append(s.Mapped, "service "+muster.CleanLine(named, 60)+" cannot be a name, so the source's service counts")
	return src.Service
}

// LabelKept reports whether a label with this value stays as it is, so that it can identify a condition.
func LabelKept(name, value string) bool {
	return name != "" && len(name) <= MaxLabelName && len(value) <= MaxLabelValue &&
		muster.CleanLine(name, MaxLabelName) == name && muster.CleanLine(value, MaxLabelValue) == value
}

// cleanLabels leaves out labels without a name or a value, as Alertmanager does.
func cleanLabels(s *muster.Signal) {
	if len(s.Labels) == 0 {
		s.Labels = nil
		return
	}
	fine := len(s.Labels) <= MaxLabels
	for k, v := range s.Labels {
		fine = fine && v != "" && LabelKept(k, v)
	}
	if fine {
		return
	}
	out := make(map[string]string, min(len(s.Labels), MaxLabels))
	left := 0
	for _, k := range slices.Sorted(maps.Keys(s.Labels)) {
		name := clipBytes(muster.CleanLine(k, MaxLabelName), MaxLabelName)
		value := clipBytes(muster.CleanLine(s.Labels[k], MaxLabelValue), MaxLabelValue)
		if _, twice := out[name]; name == "" || value == "" || twice {
			continue
		}
		if len(out) == MaxLabels {
			left++
			continue
		}
		out[name] = value
	}
	if left > 0 {
		s.Mapped = append(s.Mapped, "labels: more than 100, the rest in the order of names is left out")
	}
	s.Labels = out
}

// cleanLinks keeps what is safe to open. A link that is not is told of, so that nobody wonders where it went.
func cleanLinks(s *muster.Signal) (out []muster.ContextLink) {
	for _, l := range s.Links {
		u := ""
		if len(l.URL) <= 4096 {
			u = muster.SafeURL(l.URL)
		}
		title := muster.CleanLine(l.Title, 100)
		if title == "" {
			title = "Link"
		}
		switch {
		case strings.TrimSpace(l.URL) == "":
		case u == "":
			s.Mapped = append(s.Mapped, "link "+title+" left out: it is not an address that is safe to open")
		case len(out) < MaxLinks && !slices.ContainsFunc(out, func(o muster.ContextLink) bool { return o.URL == u }):
			out = append(out, muster.ContextLink{Title: title, URL: u})
		}
	}
	return out
}

// clipBytes cuts s to at most n bytes, between characters.
func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// bounded keeps an identity short without making two of them one.
func bounded(s string) string {
	if len(s) <= MaxKey {
		return s
	}
	return clipBytes(s, 100) + "… sha256:" + Digest(s)
}

// Digest is a short name for many parts: different parts, different digest.
func Digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte{byte(len(p) >> 24), byte(len(p) >> 16), byte(len(p) >> 8), byte(len(p))})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// SetTime believes a time of the payload when it has a zone and lies within 24 hours of receipt; else receipt counts and
// the payload's own text is kept beside it.
func SetTime(s *muster.Signal, text string, received muster.Instant) {
	if t, ok := parseTime(text); ok {
		setInstant(s, t, text, received)
		return
	}
	s.DetectedAt, s.ClaimedAt = received, muster.CleanLine(text, 100)
}

// SetUTC is [SetTime] for a text without a zone in a field that says in another way that it means UTC.
func SetUTC(s *muster.Signal, layout, text string, received muster.Instant) {
	t, err := time.ParseInLocation(layout, strings.TrimSpace(text), time.UTC)
	if err != nil {
		SetTime(s, text, received)
		return
	}
	setInstant(s, t, text, received)
}

func setInstant(s *muster.Signal, t time.Time, text string, received muster.Instant) {
	switch d := received.Sub(t); {
	case d.Abs() <= believedWithin:
		s.DetectedAt, s.ClaimedAt = muster.At(t), ""
	case t.Year() <= 1: // "never", in the words of many senders
		s.DetectedAt, s.ClaimedAt = received, ""
	default:
		s.DetectedAt, s.ClaimedAt = received, muster.CleanLine(text, 100)
	}
}

// parseTime reads RFC 3339 and its near relatives with a zone, and seconds or milliseconds since 1970.
func parseTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if t, ok := unixTime(text); ok {
		return t, true
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999 Z0700", time.RFC1123Z,
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func unixTime(text string) (time.Time, bool) {
	whole, frac, _ := strings.Cut(text, ".")
	if (len(whole) != 10 && len(whole) != 13) || len(frac) > 9 {
		return time.Time{}, false
	}
	var n int64
	for _, c := range whole {
		if c < '0' || c > '9' {
			return time.Time{}, false
		}
		n = n*10 + int64(c-'0')
	}
	for _, c := range frac {
		if c < '0' || c > '9' {
			return time.Time{}, false
		}
	}
	if len(whole) == 13 {
		return time.UnixMilli(n).UTC(), true
	}
	return time.Unix(n, 0).UTC(), true
}

// Severity reads the words that senders use for severities; what it does not know is unknown.
func Severity(word string) muster.AlertSeverity {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "critical", "crit", "fatal", "emergency", "emerg", "alert", "disaster", "page", "p0", "p1", "sev0", "sev1":
		return muster.SeverityCritical
	case "error", "err", "major", "high", "p2", "sev2":
		return muster.SeverityMajor
	case "warning", "warn", "minor", "medium", "moderate", "average", "p3", "sev3":
		return muster.SeverityMinor
	case "info", "information", "informational", "notice", "low", "debug", "verbose", "none", "p4", "p5", "sev4":
		return muster.SeverityInfo
	}
	return muster.SeverityUnknown
}
