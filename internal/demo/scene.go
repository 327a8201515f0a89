package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/muster-oncall/muster"
)

// metaScenes keeps how far the scenes are.
const metaScenes = "demo_scenes"

// scene is a short play of its own beside the long one. Its steps run operations, as people would.
type scene struct {
	name     string // what its button posts
	title    string
	overture string // shown before the first step
	prepare  func(*Play, *stage) error
	verses   []verse
}

// verse is a step of a scene. It says what happened, and which page shows it.
type verse struct {
	button string
	run    func(*Play, context.Context, *stage) (said, at string, err error)
}

// stage is what a step works with.
type stage struct {
	*memo
	local *time.Location // of who looks on
	again bool           // set by a step that has to be done once more: what it waits for has not happened yet

	zone   *time.Location // Christmas: of the roster
	night  muster.Instant // three in the morning of the 25th
	holder muster.UserName
}

// memo is what a scene remembers.
type memo struct {
	Step  int                  `json:"step"` // steps done
	Said  string               `json:"said,omitempty"`
	Plan  muster.ProposalID    `json:"plan,omitempty"`
	Swap  muster.SwapRequestID `json:"swap,omitempty"`
	Night string               `json:"night,omitempty"` // the day of the Christmas that is asked about: it stays the same past New Year
	Alert muster.AlertID       `json:"alert,omitempty"`
	Since muster.Instant       `json:"since,omitzero"`
	PID   int                  `json:"pid,omitempty"` // of the process whose plug was pulled
}

// progress is what all scenes remember.
type progress struct {
	Open  string           `json:"open,omitempty"` // the scene whose strip is shown
	Memos map[string]*memo `json:"memos,omitempty"`
}

func (t *progress) memo(name string) *memo {
	if t.Memos == nil {
		t.Memos = map[string]*memo{}
	}
	if t.Memos[name] == nil {
		t.Memos[name] = &memo{}
	}
	return t.Memos[name]
}

// Choice is a button that begins a scene.
type Choice struct{ Text, Act string }

func (p *Play) scenes() []scene {
	list := []scene{nightScene(), christmasScene()}
	if p.Plug != nil {
		list = append(list, plugScene())
	}
	return list
}

func (p *Play) progress(ctx context.Context) (t progress, err error) {
	v, err := p.Commands.Recall(ctx, metaScenes)
	if err != nil || v == "" {
		return t, err
	}
	return t, json.Unmarshal([]byte(v), &t)
}

func (p *Play) keep(ctx context.Context, t *progress) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return p.Commands.Remember(ctx, metaScenes, string(b))
}

// scene is the strip of the scene that is open, nil when none is; left are the scenes that were not played to their end.
func (p *Play) scene(ctx context.Context) (strip *Strip, left []Choice, err error) {
	t, err := p.progress(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, sc := range p.scenes() {
		m := t.memo(sc.name)
		over := m.Step >= len(sc.verses)
		if !over {
			left = append(left, Choice{"Scene: " + sc.title, sc.name})
		}
		if sc.name != t.Open {
			continue
		}
		strip = &Strip{Step: min(m.Step+1, len(sc.verses)), Of: len(sc.verses), Text: cmp.Or(m.Said, sc.overture), Next: ActScene, Close: ActCloseScene}
		if !over {
			strip.Button = sc.verses[m.Step].button
		}
	}
	return strip, left, nil
}

// BeginScene puts the strip of a scene in place of the play's.
func (p *Play) BeginScene(ctx context.Context, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, err := p.progress(ctx)
	if err != nil {
		return err
	}
	t.Open = name
	return p.keep(ctx, &t)
}

// CloseScene puts it away: the play goes on where it was. What was done in the scene stays.
func (p *Play) CloseScene(ctx context.Context) error { return p.BeginScene(ctx, "") }

// NextVerse does the next step of the open scene for somebody who looks on, and says which page shows it.
func (p *Play) NextVerse(ctx context.Context, viewer muster.UserName) (at string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, err := p.progress(ctx)
	if err != nil {
		return "", err
	}
	for _, sc := range p.scenes() {
		m := t.memo(sc.name)
		if sc.name != t.Open || m.Step >= len(sc.verses) {
			continue
		}
		st := p.stage(m, viewer)
		if sc.prepare != nil {
			if err := sc.prepare(p, st); err != nil {
				return "", err
			}
		}
		if m.Said, at, err = sc.verses[m.Step].run(p, ctx, st); err != nil {
			return "", err
		}
		if !st.again {
			m.Step++
		}
		return at, p.keep(ctx, &t)
	}
	return "", nil
}

func (p *Play) stage(m *memo, viewer muster.UserName) *stage {
	st := &stage{memo: m, local: time.UTC}
	snap := p.Commands.Live.Current()
	if u := snap.Catalog.Users[viewer]; u != nil {
		if z, err := snap.Zones.Load(u.Zone); err == nil {
			st.local = z
		}
	}
	return st
}
