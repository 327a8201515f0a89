package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// The scene's people and places: an owner who means well, somebody for whom Christmas night in Berlin is a morning, and the
// roster that both are about.
const (
	sceneRoster  = muster.RosterName("payments")
	sceneService = muster.ServiceName("checkout")
	sceneOwner   = muster.UserName("noor")
	sceneTaker   = muster.UserName("leo")
	sceneZone    = "Europe/Berlin"
)

// christmasScene is an innocent edit, and the gate.
func christmasScene() scene {
	return scene{
		name: "christmas", title: "Who has Christmas?",
		overture: "Payments fail on Christmas night, at three in the morning. Whom does Muster wake?",
		prepare:  (*Play).christmasStage,
		verses: []verse{
			{"Who has Christmas?", (*Play).whoHasChristmas},
			{"“Nobody buys at night”", (*Play).innocentEdit},
			{"Save it", (*Play).saveIt},
			{"Ask for cover instead", (*Play).askForCover},
			{"Leo accepts", (*Play).leoAccepts},
			{"Who has Christmas now?", (*Play).whoHasItNow},
			{"Who carried what?", (*Play).whoCarriedWhat},
		},
	}
}

// christmasStage finds the night and who has it.
func (p *Play) christmasStage(st *stage) (err error) {
	snap := p.Commands.Live.Current()
	if st.zone, err = snap.Zones.Load(sceneZone); err != nil {
		return fmt.Errorf("demo: load the zone of the scene: %w", err)
	}
	if st.Night == "" {
		st.Night = christmas(muster.At(time.Now()), 0)
	}
	if st.night, err = st.at(0, "03:00"); err != nil {
		return err
	}
	if snap.Catalog.Rosters[sceneRoster] == nil {
		return muster.Errorf(muster.ErrConflict, "The roster %s was removed: the scene needs it. Start the demo on a new directory.", sceneRoster)
	}
	if h := snap.Schedule(sceneRoster).Holder(muster.PrimaryResponder, 0, st.night, nil); len(h.People) > 0 {
		st.holder = h.People[0]
	}
	return nil
}

// at is a time of day so many days after Christmas Day, on the clocks of the roster.
func (s *stage) at(days int, clock string) (muster.Instant, error) {
	d, err := time.ParseInLocation("2006-01-02 15:04", s.Night+" "+clock, s.zone)
	if err != nil {
		return muster.Instant{}, fmt.Errorf("demo: the night of the scene: %w", err)
	}
	return muster.At(d.AddDate(0, 0, days)), nil
}

// machine is the time machine at Christmas night, with the explanation for payments.
func (s *stage) machine() string {
	q := url.Values{"roster": {string(sceneRoster)}, "service": {string(sceneService)}, "at": {s.night.In(s.local).Format("2006-01-02T15:04")}}
	return "/oncall?" + q.Encode() + "#why"
}

func (p *Play) named(u muster.UserName) string {
	if u == "" {
		return "nobody"
	}
	return p.Commands.Live.Current().Catalog.DisplayName(u)
}

func (p *Play) whoHasChristmas(_ context.Context, s *stage) (string, string, error) {
	if s.holder == "" {
		return "Nobody has Christmas night already: somebody has been here before the scene.", s.machine(), nil
	}
	h := p.Commands.Live.Current().Schedule(sceneRoster).Holder(muster.PrimaryResponder, 0, s.night, nil)
	const form = "Mon 2 Jan 15:04"
	return fmt.Sprintf("%s has: the turn is from %s to %s, Berlin. The time machine says by which rotation. Noor wants to spare everybody the nights.",
		p.named(s.holder), h.Since.In(s.zone).Format(form), h.Until.In(s.zone).Format(form)), s.machine(), nil
}

// edited is the roster with hours on its turns, as a document: on weekdays from 7 to 22 o'clock.
func (p *Play) edited() (string, error) {
	r := *p.Commands.Live.Current().Catalog.Rosters[sceneRoster]
	r.Rotations = slices.Clone(r.Rotations)
	for i := range r.Rotations {
		if r.Rotations[i].Role != muster.ShadowResponder {
			r.Rotations[i].Hours = []muster.Window{{Days: muster.Weekdays()[:5], From: "07:00", To: "22:00"}}
		}
	}
	body, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	return `{"kind":"roster",` + strings.TrimPrefix(string(body), "{"), nil
}

const whyEdit = "Nobody buys at night: payments is looked after on weekdays from 7 to 22 o'clock."

func (p *Play) innocentEdit(ctx context.Context, s *stage) (string, string, error) {
	owner, err := p.as(sceneOwner)
	if err != nil {
		return "", "", err
	}
	doc, err := p.edited()
	if err != nil {
		return "", "", err
	}
	plan, err := command.Run[command.ProposeChange, *muster.Proposal](ctx, p.Commands, "ProposeChange", owner, command.ProposeChange{Documents: doc, Why: whyEdit})
	if err != nil {
		return "", "", err
	}
	s.Plan = plan.ID
	_, what, _ := strings.Cut(plan.Summary, ", ") // after how many documents change
	said := "An innocent edit, planned and not saved: " + what
	eve, err := s.at(-1, "22:00")
	if err != nil {
		return "", "", err
	}
	if slices.ContainsFunc(plan.Dangers, func(d string) bool { return strings.Contains(d, eve.In(s.zone).Format("Mon 2 Jan 2006 15:04")) }) {
		said += " Christmas night is one of the gaps."
	}
	return said, "/changes/" + string(plan.ID), nil
}

func (p *Play) saveIt(ctx context.Context, s *stage) (string, string, error) {
	owner, err := p.as(sceneOwner)
	if err != nil {
		return "", "", err
	}
	doc, err := p.edited()
	if err != nil {
		return "", "", err
	}
	at := "/changes/" + string(s.Plan)
	_, err = command.Run[command.ApplyDocuments, *command.Applied](ctx, p.Commands, "ApplyDocuments", owner, command.ApplyDocuments{Documents: doc, Why: whyEdit})
	switch {
	case command.Gated(err):
		return "The gate refuses, and nothing was written. " + firstSentences(muster.MessageOf(err), 2), at, nil
	case err != nil:
		return "", "", err
	}
	return "", "", muster.Errorf(muster.ErrConflict, "The edit was saved, because nobody is lost by it here: somebody has changed what the scene counts on.")
}

// firstSentences is the beginning of a text of several sentences.
func firstSentences(text string, n int) string {
	for i := range text {
		if strings.HasPrefix(text[i:], ". ") {
			if n--; n == 0 {
				return text[:i+1]
			}
		}
	}
	return text
}

func (p *Play) askForCover(ctx context.Context, s *stage) (string, string, error) {
	owner, err := p.as(sceneOwner)
	if err != nil {
		return "", "", err
	}
	_, err = command.Run[command.DecideChange, *muster.Proposal](ctx, p.Commands, "RejectChange", owner, command.DecideChange{Change: s.Plan, Note: "Somebody has to have the nights. I ask for one of them."})
	if err != nil && muster.CodeOf(err) != muster.ErrConflict { // somebody has decided about it meanwhile
		return "", "", err
	}
	if s.holder == "" || s.holder == sceneTaker {
		return p.named(s.holder) + " has Christmas night already: there is nothing to ask for.", s.machine(), nil
	}
	holder, err := p.as(s.holder)
	if err != nil {
		return "", "", err
	}
	from, err := s.at(-1, "22:00")
	if err != nil {
		return "", "", err
	}
	until, err := s.at(0, "09:00")
	if err != nil {
		return "", "", err
	}
	swap, err := command.Run[command.RequestSwap, *muster.SwapRequest](ctx, p.Commands, "RequestSwap", holder, command.RequestSwap{
		Roster: sceneRoster, Role: muster.PrimaryResponder, At: s.night, From: from, Until: until, To: sceneTaker, Why: "Christmas night with the children. For you it is the morning.",
	})
	if err != nil {
		return "", "", err
	}
	s.Swap = swap.ID
	return fmt.Sprintf("The edit is taken back. %s asks %s to cover Christmas night, from 22:00 to 09:00 in Berlin: in Singapore it is the morning of the 25th.",
		p.named(s.holder), p.named(sceneTaker)), "/oncall?roster=" + string(sceneRoster) + "&swap=" + string(swap.ID) + "&from=" + s.window(), nil
}

// window is the day on which the lanes begin, so that Christmas is in the middle of a week.
func (s *stage) window() string { return s.night.In(s.local).AddDate(0, 0, -3).Format(time.DateOnly) }

func (p *Play) leoAccepts(ctx context.Context, s *stage) (string, string, error) {
	at := "/oncall?roster=" + string(sceneRoster) + "&from=" + s.window()
	if s.Swap == "" {
		return "Nothing had to change hands.", at, nil
	}
	taker, err := p.as(sceneTaker)
	if err != nil {
		return "", "", err
	}
	if _, err := command.Run[command.AnswerSwap, *muster.SwapRequest](ctx, p.Commands, "AcceptSwap", taker, command.AnswerSwap{Swap: s.Swap, Why: "Gladly. Merry Christmas."}); err != nil {
		return "", "", err
	}
	return p.named(sceneTaker) + " takes it. This change went through the same gate, and passed: somebody is reached at every moment.", at, nil
}

func (p *Play) whoHasItNow(_ context.Context, s *stage) (string, string, error) {
	return fmt.Sprintf("%s has Christmas night now, and the time machine says by which swap. Before and after it the turn is as it was.", p.named(s.holder)), s.machine(), nil
}

func (p *Play) whoCarriedWhat(_ context.Context, s *stage) (string, string, error) {
	after, err := s.at(7, "00:00")
	if err != nil {
		return "", "", err
	}
	q := url.Values{
		"roster": {string(sceneRoster)}, "from": {muster.At(time.Now()).Plus(-90 * 24 * time.Hour).In(s.local).Format(time.DateOnly)},
		"to": {after.In(s.local).Format(time.DateOnly)},
	}
	return "The ledger counts hours, nights, weekends and holidays, pages and pages at night: next time somebody knows whom to ask. That was the scene.",
		"/oncall/fairness?" + q.Encode(), nil
}
