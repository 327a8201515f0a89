package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// TryMapping asks what a request would come to, if the source's document were so.
type TryMapping struct {
	Source   muster.SourceName `json:"source" path:"source" arg:"1" doc:"the source"`
	Signal   muster.SignalID   `json:"signal,omitempty" doc:"a request that came, by the ID of a signal of it; the newest one when there is no payload either"`
	Payload  string            `json:"payload,omitempty" raw:"yes" doc:"what a sender would post, instead"`
	Format   string            `json:"format,omitempty" doc:"as which format it is read: as it came when empty, and generic for a payload"`
	Document string            `json:"document,omitempty" raw:"yes" doc:"the source's document as it would be, in YAML or JSON; as it is when empty"`
}

// Trial is what a request would come to. Nothing of it was written.
type Trial struct {
	Source  muster.SourceName   `json:"source"`
	At      muster.Instant      `json:"at"`
	Signal  muster.SignalID     `json:"signal,omitempty"` // the request that was tried
	Format  string              `json:"format"`
	Payload string              `json:"payload"`           // as it may be shown: its beginning, and nothing secret
	Size    int                 `json:"size"`              // of the whole, in bytes
	Problem string              `json:"problem,omitempty"` // why it cannot be read, or a part of it
	Wrong   []muster.FieldError `json:"wrong,omitempty"`   // by fields of the document ("mapping.title"), or by parts of the payload
	Signals []TriedSignal       `json:"signals"`           // the first ones
	More    int                 `json:"more,omitempty"`    // so many more are in it
}

// TriedSignal is one signal of it, and what would become of it.
type TriedSignal struct {
	Signal      muster.Signal       `json:"signal"`
	Fingerprint muster.Fingerprint  `json:"fingerprint"`
	Outcome     muster.Outcome      `json:"outcome"`
	Text        string              `json:"text"`                  // the outcome in a sentence
	Alert       muster.AlertID      `json:"alert,omitempty"`       // the open one that it would join or end
	AlertTitle  string              `json:"alert_title,omitempty"` // of that one
	Route       muster.RouteName    `json:"route,omitempty"`       // of a new alert, as all that follows: the one that it opens, or would if none were open
	Service     muster.ServiceName  `json:"service,omitempty"`
	Policy      muster.PolicyName   `json:"policy,omitempty"`
	Why         *muster.Explanation `json:"why,omitempty"` // who would be paged about a new alert; null when nobody would be
}

// The limits of a trial.
const (
	maxTried   = 10        // signals that are told
	maxShown   = 64 << 10  // bytes of a payload
	maxPayload = 1 << 20   // bytes of a payload that is tried
	maxNamed   = 50        // labels of a mapping that are looked for
	tryGeneric = "generic" // the format of a payload that says none
)

// TryMapping says what a request would come to. It changes nothing.
func (q *Queries) TryMapping(ctx context.Context, a muster.Actor, in TryMapping) (Trial, error) {
	var draft *muster.Source
	if parsed, wrong := catalog.ParseText("document", in.Document); len(wrong) > 0 {
		return Trial{}, muster.Invalid("The document is not right", wrong)
	} else if len(parsed) > 0 {
		d, ok := parsed[0].Doc.(*muster.Source)
		if !ok || len(parsed) > 1 || d.Name != in.Source {
			return Trial{}, muster.Invalid("The document is not right", []muster.FieldError{{Path: "document", Message: "must be the document of the source " + muster.Clip(string(in.Source), 70) + ", and no other"}})
		}
		draft = d
	}
	return q.Try(ctx, a, in, draft)
}

// Try is [Queries.TryMapping] with a document that was read already; nil is the one that the catalog has.
func (q *Queries) Try(ctx context.Context, a muster.Actor, in TryMapping, draft *muster.Source) (Trial, error) {
	if !a.Access.AtLeast(muster.AccessResponder) {
		return Trial{}, denied(a, muster.Op{Name: "TryMapping", Access: muster.AccessResponder})
	}
	done, err := q.plan(ctx)
	if err != nil {
		return Trial{}, err
	}
	defer done()
	return ask(ctx, q, Viewer{Actor: a}, func(r *read) (Trial, error) { return r.try(q.Parse, in, draft) })
}

func (r *read) try(parse muster.SignalParser, in TryMapping, draft *muster.Source) (out Trial, err error) {
	if r.cat.Sources[in.Source] == nil {
		return out, noDocument(r.cat, muster.KindSources, string(in.Source))
	}
	draft = cmp.Or(draft, r.cat.Sources[in.Source])
	body, received, err := r.payload(in, &out)
	if err != nil || parse == nil {
		return out, err
	}
	if out.Signal != "" && draft != r.cat.Sources[in.Source] { // a mapping of one's own must not show what the payload does not
		body = []byte(masked(string(body)))
	}
	signals, wrong := parse(out.Format, draft, body, received)
	if muster.CodeOf(wrong) == muster.ErrNotFound {
		return out, muster.Invalid("This cannot be tried", []muster.FieldError{{Path: "format", Message: muster.MessageOf(wrong)}})
	}
	if wrong != nil {
		out.Problem = muster.Clip(muster.MessageOf(wrong), 1000)
		if e, ok := errors.AsType[*muster.Error](wrong); ok {
			out.Wrong = append(out.Wrong, e.Fields[:min(len(e.Fields), 20)]...)
		}
	}
	out.Wrong = append(out.Wrong, draft.Check()...)
	if m := draft.Mapping; m != nil && (out.Format == tryGeneric || out.Format == "email") {
		out.Wrong = append(out.Wrong, notFound(m, signals)...)
	}
	t := &trial{read: r, snap: r.with(draft), src: draft, open: map[muster.Fingerprint]muster.AlertID{}}
	for i := range signals {
		if i == maxTried {
			out.More = len(signals) - maxTried
			break
		}
		one, err := t.signal(&signals[i])
		if err != nil {
			return out, err
		}
		out.Signals = append(out.Signals, one)
	}
	return out, nil
}

// payload finds what is tried, and when it came.
func (r *read) payload(in TryMapping, out *Trial) (body []byte, received muster.Instant, err error) {
	*out = Trial{Source: in.Source, At: r.Now(), Format: cmp.Or(in.Format, tryGeneric), Signals: []TriedSignal{}}
	received = r.Now()
	switch {
	case in.Payload != "" && len(in.Payload) > maxPayload:
		return nil, received, muster.Errorf(muster.ErrTooLarge, "The payload is larger than 1 MiB, which is the most that a sender may post.")
	case in.Payload != "":
		body = []byte(in.Payload)
	default:
		if in.Signal == "" {
			list, err := r.Samples(in.Source)
			if err != nil {
				return nil, received, err
			}
			if len(list) == 0 {
				return nil, received, muster.Errorf(muster.ErrNotFound, "The source %s has sent nothing yet: give a payload.", in.Source)
			}
			in.Signal = list[0].ID
		}
		row, err := r.signalOf(in.Signal)
		if err != nil {
			return nil, received, err
		}
		if row.Source != in.Source {
			return nil, received, muster.Errorf(muster.ErrConflict, "This came from the source %s, not from %s.", row.Source, in.Source)
		}
		body, received = row.Raw, row.ReceivedAt
		out.Signal, out.Format, out.At = row.ID, cmp.Or(in.Format, row.Format), row.ReceivedAt
	}
	out.Payload, out.Size = shown(body, maxShown), len(body)
	return body, received, nil
}

func (r *read) signalOf(id muster.SignalID) (*muster.RawSignal, error) {
	if _, err := muster.ParseID[muster.SignalID](string(id)); err != nil {
		return nil, err
	}
	s, err := r.Signal(id)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no signal %s. What came is kept for 90 days.", id)
	}
	return s, err
}

// with is the snapshot as it would be with the document of a source.
func (r *read) with(draft *muster.Source) *plan.Snapshot {
	now, next := *r.cat.Sources[draft.Name], *draft
	now.Mapping, next.Mapping = nil, nil
	if plan.Same(&now, &next) { // a mapping decides nothing but what a signal says
		return r.snap
	}
	s, _ := plan.NewSnapshot(catalog.Draft(r.cat, []catalog.Edit{{Kind: muster.KindSources, Name: string(draft.Name), Doc: draft}}), r.snap.Zones)
	return s
}

// trial plays the signals of a request one after the other, as intake would.
type trial struct {
	*read
	snap  *plan.Snapshot
	src   *muster.Source
	open  map[muster.Fingerprint]muster.AlertID // of signals before; "" when they ended it
	facts *plan.Question                        // whom a policy may page; read when it is asked for first
}

// At implements [plan.History]: there is no catalog but this one.
func (t *trial) At(muster.Revision) (*plan.Snapshot, error) { return t.snap, nil }

// opensHere stands for an alert that a signal of the same request would open.
const opensHere muster.AlertID = "new"

func (t *trial) signal(s *muster.Signal) (out TriedSignal, err error) {
	s.Source = t.src.Name
	ar := plan.Arrive(t.snap, s, t.Now())
	out = TriedSignal{Signal: *s, Fingerprint: ar.Fingerprint}
	open, known := t.open[ar.Fingerprint]
	if !known {
		key := store.AlertKey{Source: s.Source, Fingerprint: ar.Fingerprint}
		list, err := t.OpenAlerts([]store.AlertKey{key})
		if err != nil {
			return out, err
		}
		open = list[key]
	}
	over := s.State == muster.SignalResolved
	switch {
	case over && open == "":
		out.Outcome, out.Text = muster.OutcomeRejected, "It ends an alert that is not open: it is kept, and nothing else happens."
		return out, nil
	case over:
		t.open[ar.Fingerprint] = ""
		out.Outcome, out.Text = muster.OutcomeResolved, "It ends the open alert"
	case open != "":
		if err := t.opens(&out, s, &ar); err != nil { // whom a new one would page
			return out, err
		}
		out.Outcome, out.Text = muster.OutcomeAppended, "It is counted on the open alert"
	default:
		t.open[ar.Fingerprint] = opensHere
		return out, t.opens(&out, s, &ar)
	}
	if open == opensHere {
		out.Text += " that a signal before it in the same request opens. Nobody is paged by it."
		return out, nil
	}
	t.open[ar.Fingerprint] = open
	if over {
		t.open[ar.Fingerprint] = ""
	}
	a, err := t.Alert(open)
	if err != nil {
		return out, err
	}
	out.Alert, out.AlertTitle = a.ID, a.Title
	out.Text += " “" + muster.Clip(a.Title, 100) + "”. Nobody is paged by it."
	return out, nil
}

// opens says what a new alert would come to.
func (t *trial) opens(out *TriedSignal, s *muster.Signal, ar *plan.Arrival) error {
	d := ar.Decision
	out.Outcome, out.Text = muster.OutcomeOpened, "It opens a new alert."
	out.Route, out.Service, out.Policy = d.Route, d.Service, d.Policy
	switch {
	case d.Record:
		out.Text = "It opens an alert that is recorded and pages nobody."
	case d.Suppressed != nil:
		out.Outcome, out.Text = muster.OutcomeSilenced, fmt.Sprintf("It opens a new alert, which the silence %s holds back.", d.Suppressed.By)
	case d.Triage:
		out.Outcome, out.Text = muster.OutcomeTriage, "It opens a new alert, which pages when a person has confirmed it."
	case d.Group != "":
		head, begun, err := t.HeadOf(d.Group)
		if err != nil {
			return err
		}
		if head == "" || t.Now().Sub(begun.Time) > d.GroupFor.Std() {
			break
		}
		if a, err := t.Alert(head); err == nil && a.Status != muster.AlertResolved {
			out.Text = "It opens a new alert, which joins the group of “" + muster.Clip(a.Title, 100) + "” and pages nobody while that is open."
			return nil
		} else if muster.CodeOf(err) != muster.ErrNotFound && err != nil {
			return err
		}
	}
	if t.facts == nil {
		f := plan.Question{At: t.Now(), Revision: t.snap.Catalog.Revision}
		var err error
		if f.Contacts, err = everybody(t); err != nil {
			return err
		}
		if f.Away, err = t.LeaveBetween(f.At, f.At.Plus(previewAway)); err != nil {
			return err
		}
		if f.Turns, err = t.everyTurn(); err != nil {
			return err
		}
		t.facts = &f
	}
	ask := *t.facts
	ask.Signal = s
	x, err := plan.Explain(t, ask)
	if err != nil {
		return err
	}
	out.Why = &x
	return nil
}

// notFound says which fields of a mapping found nothing in a request, by what the format noted.
func notFound(m *muster.Mapping, signals []muster.Signal) (wrong []muster.FieldError) {
	if len(signals) == 0 {
		return nil
	}
	look := func(path, value string, found func(*muster.Signal) bool) {
		if value == "" || strings.HasPrefix(value, `"`) {
			return
		}
		missing := 0
		for i := range signals {
			if !found(&signals[i]) {
				missing++
			}
		}
		text := "finds nothing at " + muster.Clip(value, 80)
		if missing > 0 && missing < len(signals) {
			text += fmt.Sprintf(" in %d of %d", missing, len(signals))
		}
		if missing > 0 {
			wrong = append(wrong, muster.FieldError{Path: "mapping." + path, Message: text})
		}
	}
	noted := func(begin string) func(*muster.Signal) bool {
		return func(s *muster.Signal) bool {
			return slices.ContainsFunc(s.Mapped, func(note string) bool { return strings.HasPrefix(note, begin) })
		}
	}
	if noted("items: ")(&signals[0]) {
		wrong = append(wrong, muster.FieldError{Path: "mapping.items", Message: "there is no list at " + muster.Clip(m.Items, 80) + ": the whole message is one signal"})
	}
	for _, f := range []struct{ path, value, what string }{
		{"title", m.Title, "title"},
		{"key", m.Key, "key"},
		{"summary", m.Summary, "summary"},
		{"impact", m.Impact, "impact"},
		{"action", m.Action, "action"},
		{"service", m.Service, "service"},
		{"state", m.State, "state"},
		{"at", m.At, "time"},
	} {
		missing := noted(f.what + ": nothing at")
		look(f.path, f.value, func(s *muster.Signal) bool { return !missing(s) })
	}
	look("link", m.Link, func(s *muster.Signal) bool { return len(s.Links) > 0 || noted("link ")(s) })
	names := make([]string, 0, len(m.Labels))
	for name := range m.Labels {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names[:min(len(names), maxNamed)] {
		look("labels."+name, m.Labels[name], noted("label "+name+" from "))
	}
	return append(wrong, severities(m, signals)...)
}

// severities says whether the words at the path of the severity mean something.
func severities(m *muster.Mapping, signals []muster.Signal) []muster.FieldError {
	nothing, unknown := 0, 0
	for i := range signals {
		s := &signals[i]
		switch {
		case slices.ContainsFunc(s.Mapped, func(note string) bool { return strings.HasPrefix(note, "severity: nothing at") }):
			nothing++
		case s.Severity == muster.SeverityUnknown:
			unknown++
		}
	}
	switch of := fmt.Sprintf(" in %d of %d", max(nothing, unknown), len(signals)); {
	case m.Severity == "":
		return nil
	case nothing > 0:
		return []muster.FieldError{{Path: "mapping.severity", Message: "finds nothing at " + muster.Clip(m.Severity, 80) + ofMany(of, nothing, signals)}}
	case unknown > 0:
		return []muster.FieldError{{Path: "mapping.severities", Message: "the word at " + muster.Clip(m.Severity, 80) + " is none that is known" + ofMany(of, unknown, signals) + ": say what it means"}}
	}
	return nil
}

func ofMany(words string, n int, signals []muster.Signal) string {
	if n == len(signals) {
		return ""
	}
	return words
}
