package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// mappingForm is what the editor of a mapping was sent. A nil draft is the mapping that is saved.
type mappingForm struct {
	draft   *muster.Mapping
	typed   map[string]string // of the fields, as they were typed
	wrong   []muster.FieldError
	signal  muster.SignalID
	payload string
	format  string
	etag    muster.Revision
	why     string
}

// mapping is the editor of a source's mapping, beside what the source sent.
func mapping(v *visit) error {
	return v.mapping(http.StatusOK, muster.SourceName(v.r.PathValue("name")), &mappingForm{signal: muster.SignalID(v.param("signal"))}, nil)
}

// sendMapping tries what the form says, or saves it.
func sendMapping(v *visit) error {
	name := muster.SourceName(v.r.PathValue("name"))
	form := v.readMapping()
	if v.field("do") != "save" || len(form.wrong) > 0 {
		status := http.StatusOK
		if v.field("do") == "save" {
			status = http.StatusUnprocessableEntity
		}
		return v.mapping(status, name, form, nil)
	}
	src := v.Queries.Catalog().Sources[name]
	if src == nil {
		return noSource(name)
	}
	next := *src
	next.Mapping = form.draft
	body, err := json.Marshal(&next)
	if err != nil {
		return err
	}
	in := command.PutDocument{Kind: muster.KindSources, Name: string(name), Body: body, IfMatch: form.etag, Why: form.why}
	if v.field("accept") != "" {
		in.Accept = query.ReachesNobody
	}
	out, err := run[*command.Document](v, "PutDocument", in)
	switch code := muster.CodeOf(err); {
	case err == nil:
		to := mappingURL(name)
		if form.signal != "" {
			to += "?signal=" + string(form.signal)
		}
		return v.done(to, "Saved as revision "+itoa(int(out.Revision))+".", "")
	case code == muster.ErrPrecondition:
		form.etag = v.Queries.Catalog().RevisionOf(muster.DocRef(muster.KindSources, name))
		return v.mapping(http.StatusConflict, name, form, func(p *view.Mapping) {
			p.Problems = append(p.Problems, view.Problem{Message: "Somebody else saved this source meanwhile. What you wrote is still here: look at the document’s history, and save again to put your mapping in the place of theirs."})
		})
	case command.Gated(err):
		return v.mapping(http.StatusConflict, name, form, func(p *view.Mapping) {
			e := view.RosterEditor{}
			v.gateAsks(&e, err)
			if p.Gate = e.Gate; p.Gate != nil {
				p.Gate.Propose = false
			}
		})
	case code == muster.ErrInvalid:
		return v.mapping(http.StatusUnprocessableEntity, name, form, func(p *view.Mapping) {
			for _, w := range docProblems(muster.DocRef(muster.KindSources, name), err) {
				p.Problems = append(p.Problems, mappingProblem(w.Field, w.Message))
			}
		})
	default:
		return err
	}
}

func noSource(name muster.SourceName) error {
	return muster.Errorf(muster.ErrNotFound, "There is no source called %q.", muster.Clip(string(name), 70))
}

// mapping draws the editor, and tries what is in it.
func (v *visit) mapping(status int, name muster.SourceName, form *mappingForm, change func(*view.Mapping)) error {
	if !v.can(muster.AccessResponder) {
		return muster.Errorf(muster.ErrForbidden, "What sources sent may hold anything: only responders see it. You are %s.", v.actor.Access)
	}
	src := v.Queries.Catalog().Sources[name]
	if src == nil {
		return noSource(name)
	}
	if form.etag == 0 {
		form.etag = v.Queries.Catalog().RevisionOf(muster.DocRef(muster.KindSources, name))
	}
	draft := *src
	if form.typed != nil {
		draft.Mapping = form.draft
	} else {
		form.typed = mappingText(src.Mapping)
	}
	p := view.Mapping{
		Shell: v.shell("Mapping of "+docTitle(src), view.PlaceSettings), Tabs: v.tabs(view.TabSources), Source: string(name), Title: docTitle(src), DocURL: docURL(muster.KindSources, name),
		URL: mappingURL(name), Save: v.actor.Owns(src.Team), ETag: strconv.FormatInt(int64(form.etag), 10), Why: form.why, Own: form.payload, Groups: mappingGroups(form.typed),
	}
	for _, f := range form.wrong {
		p.Problems = append(p.Problems, mappingProblem(f.Path, f.Message))
	}
	if err := v.payloadChoice(&p, name, form); err != nil {
		return err
	}
	if err := v.tryMapping(&p, &draft, form); err != nil {
		return err
	}
	if err := v.rejectedOf(&p, name, form); err != nil {
		return err
	}
	if change != nil {
		change(&p)
	}
	return v.render(status, view.MappingPage(p))
}

// payloadChoice lists what came.
func (v *visit) payloadChoice(p *view.Mapping, name muster.SourceName, form *mappingForm) error {
	list, err := query.Run[query.ListPayloads, muster.Listing[query.Payload]](v.ctx(), v.Queries, "ListPayloads", v.actor, query.ListPayloads{Source: name})
	if err != nil {
		return err
	}
	listed := false
	for i, x := range list.Items {
		o := view.Option{Value: string(x.Signal), Text: joinDots(v.clock(x.ReceivedAt), x.Format, string(x.Outcome), muster.Clip(x.Title, 60)), Selected: x.Signal == form.signal || (form.signal == "" && i == 0)}
		listed = listed || o.Selected
		p.Payloads = append(p.Payloads, o)
	}
	if form.signal != "" && !listed {
		p.Payloads = append([]view.Option{{Value: string(form.signal), Text: "the one that you opened", Selected: true}}, p.Payloads...)
	}
	for _, f := range []string{"", "generic", "email"} {
		p.Formats = append(p.Formats, view.Option{Value: f, Text: orWord(f, "as it came, else generic"), Selected: f == form.format})
	}
	return nil
}

// tryMapping says what the payload would come to.
func (v *visit) tryMapping(p *view.Mapping, draft *muster.Source, form *mappingForm) error {
	in := query.TryMapping{Source: draft.Name, Signal: form.signal, Payload: form.payload, Format: form.format}
	out, err := v.Queries.Try(v.ctx(), v.actor, in, draft)
	switch code := muster.CodeOf(err); {
	case code == muster.ErrNotFound && form.payload == "":
		p.Result = &view.TrialResult{None: "This source has sent nothing yet. Paste what it would send: nothing of it is written."}
		if form.signal != "" {
			p.Result.None = muster.MessageOf(err)
		}
		return nil
	case code == muster.ErrInvalid || code == muster.ErrNotFound || code == muster.ErrConflict || code == muster.ErrTooLarge:
		p.Result = &view.TrialResult{Problem: muster.MessageOf(err)}
		return nil
	case err != nil:
		return err
	}
	r := &view.TrialResult{Problem: out.Problem, Format: out.Format, Payload: readable(out.Payload, out.Size), More: out.More}
	if out.Size > len(out.Payload) && out.Size > shownPayload {
		r.Cut = "the first " + itoa(shownPayload>>10) + " KiB of " + itoa(out.Size>>10)
	}
	if out.Signal != "" {
		r.At = out.At.Time
	}
	if out.Format != "generic" && out.Format != "email" {
		r.Unused = "The format " + out.Format + " says itself where its fields are: the mapping is not used."
	}
	for _, w := range out.Wrong {
		if path, ok := strings.CutPrefix(w.Path, "mapping."); ok {
			p.Problems = append(p.Problems, mappingProblem("mapping."+path, w.Message))
		} else {
			r.Wrong = append(r.Wrong, view.Problem{Field: w.Path, Message: sentence(w.Message)})
		}
	}
	for i := range out.Signals {
		r.Signals = append(r.Signals, v.triedSignal(&out.Signals[i]))
	}
	if len(r.Signals) == 0 && r.Problem == "" {
		r.None = "There is no signal in it: nothing would happen."
	}
	p.Result, p.Paths = r, payloadPaths(out.Payload, form.typed["items"], out.Format)
	return nil
}

// shownPayload is how much of a payload the query shows.
const shownPayload = 64 << 10

// maxTriedWaves is how many steps of who would be paged are told.
const maxTriedWaves = 3

func (v *visit) triedSignal(t *query.TriedSignal) view.TriedSignal {
	s := &t.Signal
	out := view.TriedSignal{IfNew: t.Outcome == muster.OutcomeAppended, Found: s.Mapped[:min(len(s.Mapped), 60)], Title: s.Title, Severity: alertSeverity(s.Severity), State: view.State{Tone: view.ToneMajor, Word: "Firing"}, Outcome: t.Text}
	if s.State == muster.SignalResolved {
		out.State = view.State{Tone: view.ToneOK, Word: "Resolved"}
	}
	if t.Alert != "" {
		out.Alert = view.Link{Text: "Open it", URL: "/a/" + string(t.Alert)}
	}
	fact := func(label, value string) {
		if value != "" && value != muster.Unknown {
			out.Facts = append(out.Facts, view.Figure{Label: label, Value: muster.Clip(value, 600)})
		}
	}
	fact("Service", string(cmp.Or(t.Service, s.Service)))
	fact("Route", string(t.Route))
	fact("Policy", string(t.Policy))
	fact("Key", s.Key)
	fact("Summary", s.Summary)
	fact("Impact", s.Impact)
	fact("Action", s.Action)
	fact("Detected", v.clock(s.DetectedAt))
	fact("Its own time", s.ClaimedAt)
	for _, l := range s.Links {
		fact("Link", l.URL)
	}
	for _, k := range sortedKeys(s.Labels) {
		if len(out.Labels) == 40 {
			out.Labels = append(out.Labels, view.Field{Name: "…", Value: itoa(len(s.Labels)-40) + " more"})
			break
		}
		out.Labels = append(out.Labels, view.Field{Name: k, Value: muster.Clip(s.Labels[k], 200)})
	}
	if t.Why != nil {
		out.Waves, out.Routed = waves(*t.Why, t.Why.At), v.wouldBe(*t.Why).Steps
		if len(out.Waves) > maxTriedWaves {
			out.Waves = append(out.Waves[:maxTriedWaves:maxTriedWaves], view.Wave{When: "And then", People: "so on, until somebody acknowledges"})
		}
	}
	return out
}

// rejectedOf lists the rejected signals of a source.
func (v *visit) rejectedOf(p *view.Mapping, name muster.SourceName, form *mappingForm) error {
	list := func(status muster.RejectedStatus, limit int) ([]muster.RejectedSignal, error) {
		l, err := query.Run[query.ListRejected, muster.Listing[muster.RejectedSignal]](v.ctx(), v.Queries, "ListRejected", v.actor, query.ListRejected{Source: name, Status: status, Limit: limit})
		return l.Items, err
	}
	waiting, err := list(muster.RejectedWaiting, 25)
	if err != nil {
		return err
	}
	for _, s := range waiting {
		at := "/settings/rejected/" + string(s.ID)
		row := view.RejectedRow{ID: string(s.ID), At: s.ReceivedAt.Time, Format: s.Format, Reason: s.Reason, OpenURL: mappingURL(name) + "?signal=" + string(s.ID), ReplayURL: at + "/replay", DismissURL: at + "/dismiss"}
		for _, o := range p.Payloads {
			if o.Selected && o.Value == row.ID {
				p.RejectID, row.ReplayAs = row.ID, form.format
			}
		}
		p.Rejected = append(p.Rejected, row)
	}
	if len(waiting) == 25 {
		n, err := v.Queries.WaitingRejected(v.ctx(), v.viewer(), name)
		if err != nil {
			return err
		}
		p.More = max(n-len(waiting), 0)
	}
	all, err := list("", 40)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Status == muster.RejectedWaiting || len(p.Settled) == 10 {
			continue
		}
		row := view.RejectedRow{ID: string(s.ID), At: s.ReceivedAt.Time, Reason: s.Reason, State: view.State{Tone: view.ToneNone, Word: "Dismissed"}, Settled: s.Why}
		if s.Status == muster.RejectedReplayed {
			row.State, row.Settled = view.State{Tone: view.ToneOK, Word: "Replayed"}, replayedWords(s.Results)
			if len(s.Results) > 0 && s.Results[0].Alert != "" {
				row.Alert = view.Link{Text: "Open it", URL: "/a/" + string(s.Results[0].Alert)}
			}
		}
		if s.SettledBy != nil {
			row.Settled = joinDots(row.Settled, s.SettledBy.Name+", "+v.clock(s.SettledAt))
		}
		p.Settled = append(p.Settled, row)
	}
	return nil
}
