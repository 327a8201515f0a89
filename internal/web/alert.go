package web

import (
	"net/http"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// alert is one alert: what it says, why these people, how far each page got.
func alert(v *visit) error {
	d, err := v.Queries.AlertDetail(v.ctx(), v.viewer(), v.alertID())
	if err != nil {
		return err
	}
	a := d.AlertItem.Alert
	p := view.Alert{
		Shell: v.live(a.Title, view.PlaceAlerts, "alert:"+string(a.ID)), ID: string(a.ID), Title: a.Title, Severity: alertSeverity(a.Severity),
		Status: v.alertStatus(a), Service: v.serviceLink(a.Service), OpenedAt: a.ReceivedAt.Time, ResolvedAt: a.ResolvedAt.Time,
		AckUntil: d.AckUntil.Time, Signals: a.Signals, Summary: a.Summary, Impact: known(a.Impact), Action: known(a.Action),
		Triage: a.Triage && a.Status == muster.AlertOpen, Reporter: a.Reporter, Next: d.Next.Sentence, NextAt: d.Next.At.Time,
		Why: v.whys(d), Ladder: v.rungs(d.Pages, d.InDigest), Guidance: guidance(d.Guidance), From: v.origin(d), Timeline: v.entries(d.Timeline, ""),
	}
	if a.IncidentKey != "" {
		p.Incident = view.Link{Text: string(a.IncidentKey), URL: "/i/" + string(a.IncidentKey)}
		p.Primary = view.Button{Text: "Open the room", URL: p.Incident.URL, Icon: "incident", Get: true}
	}
	if a.Suppressed != nil && a.Status == muster.AlertOpen {
		p.Silenced = &view.Silenced{By: string(a.Suppressed.By), URL: docURL(muster.KindSilences, a.Suppressed.By), Until: a.Suppressed.Until.Time, Why: a.Suppressed.Why}
		if d.Silence != nil {
			p.Silenced.Owner, p.Silenced.Once = v.Queries.Catalog().DisplayName(d.Silence.Owner), d.Silence.Alert == a.ID
			if v.actor.Owns(d.Silence.Team) {
				p.Silenced.EndURL = "/a/" + p.ID + "/unsilence"
			}
		}
	}
	v.company(&p, d)
	for _, s := range d.Similar {
		p.Similar = append(p.Similar, v.similar(s))
	}
	if d.Alike > 0 {
		p.SimilarNote = itoa(d.Alike) + " in 90 days"
	}
	if v.can(muster.AccessResponder) {
		alertForms(&p, d, acknowledgedBy(a, v.actor.User))
		if a.Status != muster.AlertResolved {
			p.Expert = v.askExpert("/a/" + p.ID + "/expert")
		}
		if a.Suppressed == nil && a.Status != muster.AlertResolved && !a.Recorded && v.actor.User != "" {
			p.QuietURL = "/a/" + p.ID + "/silence"
		}
		v.rateAlert(&p, d)
		if a.Suppressed == nil && a.Status != muster.AlertResolved && v.mayOwn(a.Service) {
			p.SilenceURL = "/settings/silences/new?alert=" + p.ID
		}
	}
	if id := v.param("ledger"); id != "" {
		if p.Ledger, err = v.pageLedger(muster.PageID(id), d.Pages); err != nil {
			return err
		}
	}
	return v.render(http.StatusOK, view.AlertPage(p))
}

// alertForms fills in what a responder can do with an alert as it stands.
// mine says that the visitor is one of those who have acknowledged, while more have to.
func alertForms(p *view.Alert, d *query.AlertDetail, mine bool) {
	a, self := d.AlertItem.Alert, "/a/"+p.ID
	if a.Status == muster.AlertResolved {
		return
	}
	var escalate, confirm []string
	for _, who := range d.Effects.Escalate {
		escalate = append(escalate, who.Name)
	}
	for _, who := range d.Effects.Confirm {
		confirm = append(confirm, who.Name)
	}
	p.ResolveURL = self + "/resolve"
	switch {
	case p.Triage:
		p.ConfirmURL, p.DismissURL, p.ConfirmWakes, p.ResolveURL = self+"/confirm", self+"/dismiss", wakes(confirm), ""
	case a.Status == muster.AlertOpen && mine:
		p.UnackURL = self + "/unack"
	case a.Status == muster.AlertOpen:
		p.AckURL = self + "/ack"
	default:
		p.UnackURL = self + "/unack"
	}
	if snoozable(a) {
		p.SnoozeURL = self + "/snooze"
	}
	if len(escalate) > 0 && !p.Triage {
		p.EscalateURL, p.EscalateTo = self+"/escalate", wakes(escalate)
	}
	if a.IncidentKey == "" {
		p.DeclareURL = "/declare?alert=" + p.ID
	}
}

// snoozable reports whether a snooze is offered: not where nobody is paged, nor while more people have to acknowledge.
func snoozable(a *muster.Alert) bool {
	return a.Status != muster.AlertResolved && !a.Triage && !a.Recorded && (a.AcksNeeded < 2 || len(a.Acks) >= a.AcksNeeded)
}

// acknowledgedBy reports whether a person is one of those who have acknowledged an alert that asks for several.
func acknowledgedBy(a *muster.Alert, u muster.UserName) bool {
	return u != "" && slices.ContainsFunc(a.Acks, func(k muster.Acknowledgement) bool { return k.User == u })
}

// mayOwn reports whether the visitor may write documents of the team that owns a service.
func (v *visit) mayOwn(name muster.ServiceName) bool {
	team := muster.TeamName("")
	if s := v.Queries.Catalog().Services[name]; s != nil {
		team = s.Team
	}
	return v.actor.Owns(team)
}

// known leaves out what nobody said.
func known(s string) string {
	if s == muster.Unknown {
		return ""
	}
	return s
}

// whys explains for each person who was paged why it was them, the newest decision first.
func (v *visit) whys(d *query.AlertDetail) []view.Why {
	machine := ""
	if s := d.AlertItem.Alert.Service; s != "" {
		machine = "/oncall?service=" + string(s) + "&at=" + v.localText(d.AlertItem.Alert.ReceivedAt.Time) + "#machine"
	}
	var routing []view.WhyStep
	for _, s := range d.Why.Steps {
		if isRouting(s.Kind) {
			routing = append(routing, whyStep(s))
		}
	}
	var out []view.Why
	told := map[muster.UserName]bool{}
	for _, who := range slices.Backward(d.Why.People) {
		if told[who.User] {
			continue
		}
		told[who.User] = true
		w := view.Why{Title: "Why " + who.Name + " was paged", DecidedAt: who.At.Time, MachineURL: machine, Steps: slices.Clone(routing)}
		for _, s := range who.Reasons {
			w.Steps = append(w.Steps, whyStep(s))
		}
		w.Steps = append(w.Steps, v.proof(d, who.User, who.Step, who.Round))
		out = append(out, w)
	}
	out = append(out, informed(d.Why)...)
	if len(out) == 0 {
		w := view.Why{Title: "Why nobody was paged", DecidedAt: d.Why.At.Time, MachineURL: machine}
		for _, s := range d.Why.Steps {
			w.Steps = append(w.Steps, whyStep(s))
		}
		out = append(out, w)
	}
	return out
}

func isRouting(k muster.ReasonKind) bool {
	return slices.Contains([]muster.ReasonKind{muster.ReasonSource, muster.ReasonMapping, muster.ReasonFingerprint, muster.ReasonRoute, muster.ReasonSilence}, k)
}

// whyStep is one link of a chain of reasons, with the document that it stands in, as it was then.
func whyStep(r muster.Reason) view.WhyStep {
	s := view.WhyStep{Kind: string(r.Kind), Text: r.Text}
	if url := refLink(r.Ref); url != "" {
		k, _, _ := muster.SplitDocRef(r.Ref)
		s.Link = view.Link{Text: string(k), URL: url}
		if r.Revision > 0 && k != "" {
			s.Link.Text += ", revision " + itoa(int(r.Revision))
			s.Link.URL += "?revision=" + itoa(int(r.Revision))
		}
	}
	if r.Kind == muster.ReasonNobody {
		s.Final, s.Tone = true, view.ToneMajor
	}
	return s
}

// proof is the end of a chain: how far the person's pages of that step got.
func (v *visit) proof(d *query.AlertDetail, who muster.UserName, step, round int) view.WhyStep {
	s := view.WhyStep{Kind: string(muster.ReasonPage), Text: "No page was planned.", Final: true, Tone: view.ToneMinor}
	best := -1
	for _, pg := range d.Pages {
		if pg.Person != who || pg.Escalation == "" || pg.Step != step || pg.Round != round {
			continue
		}
		order := slices.Index([]muster.PageState{muster.PageCancelled, muster.PageFailed, muster.PageUnknown, muster.PagePlanned, muster.PageStarted, muster.PageAccepted, muster.PageProved}, pg.State)
		if order <= best {
			continue
		}
		best = order
		s.Tone = view.ToneInfo
		switch pg.State {
		case muster.PageProved:
			s.Tone, s.Text = view.ToneOK, pg.Proof+" at "+v.clock(pg.ProvedAt)+"."
		case muster.PageAccepted:
			s.Text = "Accepted by " + pg.Method + " at " + v.clock(pg.AcceptedAt) + "; no answer yet."
			if v.now.Sub(pg.AcceptedAt.Time) > v.provesWithin(pg.Connector) {
				s.Tone, s.Text = view.ToneMinor, "Unproved: accepted by "+pg.Method+" at "+v.clock(pg.AcceptedAt)+", and within "+muster.Duration(v.provesWithin(pg.Connector)).String()+" nothing showed that it arrived."
			}
		case muster.PageStarted:
			s.Text = "On its way by " + pg.Method + " since " + v.clock(pg.StartedAt) + "."
		case muster.PagePlanned:
			s.Text = "Planned for " + v.clock(pg.DueAt) + "."
		case muster.PageFailed:
			s.Tone, s.Text = view.ToneMajor, "Failed: "+pg.Detail+"."
		case muster.PageUnknown:
			s.Tone, s.Text = view.ToneMinor, "Nobody knows whether it arrived: "+pg.Detail+"."
		case muster.PageCancelled:
			s.Tone, s.Text = view.ToneNone, "Not needed: "+pg.Detail+"."
		}
	}
	return s
}

// ladder is a row for each page, oldest first.
func (v *visit) ladder(pages []query.Page) []view.Rung { return v.rungs(pages, nil) }

// rungs is the same, with the alerts that its pages about several tell of.
func (v *visit) rungs(pages []query.Page, told map[muster.AlertID]*muster.Alert) (out []view.Rung) {
	for _, p := range pages {
		r := view.Rung{
			Person: p.Name, You: p.Person == v.actor.User, Method: p.Method, WhyURL: "#why", LedgerURL: "/a/" + string(p.Alert) + "?ledger=" + string(p.ID) + "#ledger", PlannedAt: p.PlannedAt.Time,
			StartedAt: p.StartedAt.Time, AcceptedAt: p.AcceptedAt.Time, ProvedAt: p.ProvedAt.Time, By: p.Proof, State: string(p.State), Attempts: len(p.Attempts), ID: string(p.ID),
		}
		v.carried(&r, p, pages, told)
		switch p.State {
		case muster.PageFailed, muster.PageUnknown, muster.PageCancelled:
			r.Word = p.Detail
		case muster.PagePlanned:
			if p.DueAt.After(v.now) {
				r.Word = "due " + v.clock(p.DueAt)
			}
		case muster.PageStarted, muster.PageAccepted, muster.PageProved:
		}
		out = append(out, r)
	}
	return out
}

func (v *visit) similar(s query.Similar) view.SimilarAlert {
	out := view.SimilarAlert{Title: v.clock(s.Alert.ReceivedAt) + ": " + s.Alert.Title, URL: "/a/" + string(s.Alert.ID), Note: s.Note, State: v.alertStatus(s.Alert)}
	if s.Alert.IncidentKey != "" {
		out.Note = joinDots(out.Note, string(s.Alert.IncidentKey))
	}
	if s.Review != "" {
		out.Note, out.URL = joinDots(out.Note, "reviewed"), "/reviews/"+string(s.Review)
	}
	return out
}

func (v *visit) origin(d *query.AlertDetail) view.Origin {
	a := d.AlertItem.Alert
	o := view.Origin{
		Source: view.Link{Text: v.sourceTitle(a.Source)}, Format: d.Format, FirstAt: a.ReceivedAt.Time, LastAt: a.LastSignalAt.Time,
		DetectedAt: a.DetectedAt.Time, Fingerprint: string(a.Fingerprint),
	}
	if d.Source != nil {
		o.Source.URL = docURL(muster.KindSources, a.Source)
	}
	for _, k := range sortedKeys(a.Labels) {
		o.Labels = append(o.Labels, view.Field{Name: k, Value: a.Labels[k]})
	}
	return o
}
