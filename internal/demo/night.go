package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// nightScene is a page that nobody answers, and the second phone.
func nightScene() scene {
	return scene{
		name: "night", title: "03:07",
		overture: "Say it is 03:07 in the morning. Payments are about to fail, and the person on call sleeps deeply.",
		verses: []verse{
			{"Let payments fail", (*Play).paymentsFail},
			{"Nobody answers", (*Play).nobodyAnswers},
			{"Answer the second phone", (*Play).secondAnswers},
			{"What is proved?", (*Play).whatIsProved},
		},
	}
}

// fire lets an alert about payments come in, as a monitor would send it.
func (p *Play) fire(ctx context.Context, title, key string) (muster.AlertID, error) {
	if p.Commands.Live.Current().Catalog.Sources[Source] == nil {
		return "", muster.Errorf(muster.ErrConflict, "The demo's source %q was removed: start the demo on a new directory.", Source)
	}
	raw, err := json.Marshal(map[string]string{"title": title, "key": key, "service": string(sceneService), "severity": "major"})
	if err != nil {
		return "", err
	}
	sig := muster.Signal{
		Source: Source, Key: key, State: muster.SignalFiring, Title: title, Severity: muster.SeverityMajor, Impact: "Customers cannot pay",
		Action: "Look at the card gateway first", Service: sceneService, Identity: []string{key}, DetectedAt: muster.At(time.Now()),
	}
	res, err := p.Commands.ReceiveSignals(ctx, command.ReceiveSignals{Source: Source, Format: "generic", Raw: raw, Signals: []muster.Signal{sig}})
	if err != nil {
		return "", err
	}
	if len(res) == 0 || res[0].Alert == "" {
		return "", muster.Errorf(muster.ErrConflict, "The alert was not taken.")
	}
	return res[0].Alert, nil
}

// pages are those of an alert that were not cancelled, in the order in which they were planned.
func (p *Play) pages(ctx context.Context, alert muster.AlertID) (out []*muster.Page, err error) {
	err = p.Commands.Store.Read(ctx, func(r store.Reader) error {
		out, err = r.PagesOf(alert)
		return err
	})
	return slices.DeleteFunc(out, func(pg *muster.Page) bool { return pg.State == muster.PageCancelled }), err
}

func (p *Play) paymentsFail(ctx context.Context, s *stage) (string, string, error) {
	var err error
	if s.Alert, err = p.fire(ctx, "Card payments are declined", "payments-declined-at-night"); err != nil {
		return "", "", err
	}
	pages, err := p.pages(ctx, s.Alert)
	if err != nil {
		return "", "", err
	}
	at := "/a/" + string(s.Alert)
	if len(pages) == 0 {
		return "Payments fail, and nobody is paged: somebody has changed what the scene counts on.", at, nil
	}
	return fmt.Sprintf("Payments fail, and %s’s phone rings. Let it ring: the policy gives the first phone half a minute.", p.named(pages[0].Person)), at, nil
}

func (p *Play) nobodyAnswers(ctx context.Context, s *stage) (string, string, error) {
	at := "/a/" + string(s.Alert)
	var wake muster.Instant
	err := p.Commands.Store.Read(ctx, func(r store.Reader) error {
		a, err := r.Alert(s.Alert)
		if err == nil {
			wake = a.NextWakeAt
		}
		return err
	})
	if err != nil {
		return "", "", err
	}
	pages, err := p.pages(ctx, s.Alert)
	if err != nil || len(pages) == 0 {
		return "There is nobody to wait for.", at, err
	}
	first, second := pages[0], secondOf(pages)
	if second == nil {
		if first.State == muster.PageProved || wake.IsZero() {
			return p.named(first.Person) + " has answered already: nobody else is woken.", at, nil
		}
		s.again = true
		left := max(time.Until(wake.Time).Round(time.Second), time.Second)
		return fmt.Sprintf("Still ringing. %s has %s more, counted from when the phone really rang. Press again then, or answer it on the phones' page.", p.named(first.Person), left), at, nil
	}
	return fmt.Sprintf("%s did not answer, so %s’s phone rings. Why %s? “%s”", p.named(first.Person), p.named(second.Person), p.named(second.Person),
		stepOf(second)), at, nil
}

// stepOf is the sentence that tells why it was the turn of the step that a page belongs to.
func stepOf(pg *muster.Page) string {
	for _, r := range slices.Backward(pg.Why) {
		if r.Kind == muster.ReasonStep {
			return r.Text
		}
	}
	return ""
}

// secondOf is the first page of somebody else than who was paged first.
func secondOf(pages []*muster.Page) *muster.Page {
	for _, pg := range pages {
		if pg.Person != pages[0].Person {
			return pg
		}
	}
	return nil
}

func (p *Play) secondAnswers(ctx context.Context, s *stage) (string, string, error) {
	at := "/a/" + string(s.Alert)
	pages, err := p.pages(ctx, s.Alert)
	if err != nil || len(pages) == 0 {
		return "Nobody was paged.", at, err
	}
	page := secondOf(pages)
	if page == nil {
		page = pages[0]
	}
	actor, err := p.Commands.ActorOf(page.Person, muster.SurfacePage)
	if err != nil {
		return "", "", err
	}
	actor.Page = page.ID
	if _, err := command.Run[command.NoteAlert, *muster.Alert](ctx, p.Commands, "AckAlert", actor, command.NoteAlert{Alert: s.Alert}); err != nil {
		return "", "", err
	}
	return fmt.Sprintf("%s presses Acknowledge. Nobody else is woken, and the first phone stops.", p.named(page.Person)), at, nil
}

func (p *Play) whatIsProved(ctx context.Context, s *stage) (string, string, error) {
	at := "/a/" + string(s.Alert)
	pages, err := p.pages(ctx, s.Alert)
	if err != nil {
		return "", "", err
	}
	proved, accepted := 0, 0
	for _, pg := range pages {
		switch {
		case pg.State == muster.PageProved:
			proved++
		case !pg.AcceptedAt.IsZero():
			accepted++
		}
	}
	ana, err := p.as(Admin)
	if err != nil {
		return "", "", err
	}
	_, err = command.Run[command.NoteAlert, *muster.Alert](ctx, p.Commands, "ResolveAlert", ana, command.NoteAlert{Alert: s.Alert, Note: "it was a scene of the demo"})
	if err != nil {
		return "", "", err
	}
	return fmt.Sprintf("%s by a person; %s accepted by the provider, which proves nothing: that is why the second phone rang.", amount(proved, "page was proved", "pages were proved"),
		amount(accepted, "was", "were")), at, nil
}

func amount(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
