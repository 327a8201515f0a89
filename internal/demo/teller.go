package demo

import (
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// teller tells an incident of the past, minute by minute. After the first error it is silent.
type teller struct {
	b      *command.Batch
	start  muster.Instant
	key    string
	action muster.ActionID
	err    error
}

// at is the batch a number of minutes after the beginning, as somebody.
func (p *teller) at(minute int, who muster.UserName) *command.Batch {
	cat := p.b.Snap.Catalog
	actor := muster.Actor{User: who, Name: cat.DisplayName(who), Access: muster.AccessAdmin, Surface: muster.SurfaceWeb}
	return p.b.At(p.start.Plus(time.Duration(minute)*time.Minute), actor)
}

func (p *teller) do(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *teller) declare(in command.DeclareIncident) muster.IncidentKey {
	inc, err := p.at(0, "zoe").Declare(in)
	if p.do(err); err != nil {
		return ""
	}
	p.key = string(inc.Key)
	return inc.Key
}

func (p *teller) role(by muster.UserName, role muster.Role, who muster.UserName) {
	if p.err == nil {
		_, err := p.at(1, by).Role(command.AssignRole{Incident: p.key, Role: role, Person: who})
		p.do(err)
	}
}

func (p *teller) say(minute int, who muster.UserName, kind muster.EntryKind, text string) {
	if p.err == nil {
		_, err := p.at(minute, who).Say(command.AddTimelineEntry{Incident: p.key, Kind: kind, Text: text})
		p.do(err)
	}
}

func (p *teller) update(minute int, who muster.UserName, known, doing string, next time.Duration, final bool) {
	if p.err == nil {
		in := command.PostStatusUpdate{Incident: p.key, Known: known, Doing: doing, In: muster.Duration(next), Final: final, Audience: muster.AudiencePublic}
		_, err := p.at(minute, who).Update(in)
		p.do(err)
	}
}

func (p *teller) act(minute int, who muster.UserName, text string) {
	if p.err == nil {
		inc, err := p.at(minute, who).Start(command.StartAction{Incident: p.key, Text: text})
		if p.do(err); err == nil {
			p.action = inc.Actions[len(inc.Actions)-1].ID
		}
	}
}

func (p *teller) finish(minute int, who muster.UserName, outcome string) {
	if p.err == nil {
		_, err := p.at(minute, who).Finish(command.FinishAction{Incident: p.key, Action: p.action, Outcome: outcome})
		p.do(err)
	}
}

func (p *teller) mitigate(minute int, who muster.UserName) {
	if p.err == nil {
		_, err := p.at(minute, who).Mitigate(command.NoteIncident{Incident: p.key})
		p.do(err)
	}
}

func (p *teller) resolve(minute int, who muster.UserName) {
	if p.err == nil {
		_, err := p.at(minute, who).Resolve(command.NoteIncident{Incident: p.key})
		p.do(err)
	}
}

func (p *teller) review(minute int, key muster.IncidentKey) {
	if p.err != nil {
		return
	}
	b := p.at(minute, "mia")
	rev, err := b.Review(command.OneIncident{Incident: string(key)})
	if err != nil {
		p.do(err)
		return
	}
	well := "Leo said aloud what he saw, so nobody asked twice. The first update went out five minutes after the first customer wrote."
	_, err = b.Edit(command.EditReview{Review: rev.ID, Version: rev.Version, WentWell: &well})
	p.do(err)
	for _, text := range []string{
		"A customer found it before we did: no alert looks at the latency of suggestions.",
		"Stopping a rebuild half way is safe: it goes on from its last segment.",
	} {
		_, err = b.Finding(command.AddFinding{Review: rev.ID, Text: text})
		p.do(err)
	}
	due := b.Now().Plus(21 * 24 * time.Hour).Format(time.DateOnly)
	got, err := b.Item(command.AddActionItem{Review: rev.ID, Text: "Alert when p95 of suggestions is above 500 ms for five minutes", Owner: "leo", Due: due})
	p.do(err)
	if err == nil {
		_, err = b.Done(command.FinishActionItem{Review: rev.ID, Item: got.ActionItems[0].ID})
		p.do(err)
	}
	_, err = b.Item(command.AddActionItem{Review: rev.ID, Text: "Run the index rebuild with half the workers every night", Owner: "mia", Due: due})
	p.do(err)
	_, err = b.Publish(command.OneReview{Review: rev.ID})
	p.do(err)
}
