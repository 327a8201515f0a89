package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// metaPlay keeps how far the play is.
const metaPlay = "demo_play"

// Play takes the alert of the talk from its arrival to its review, one press of a button at a time.
type Play struct {
	Commands *command.Commands
	// Parse reads the alert as the intake does.
	Parse func(src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error)
	// Plug lets something happen and kills this process with -9 in the middle of it; another one takes over. Nil: there is
	// no supervisor that would start another one, and no such scene.
	Plug func(happen func(context.Context) error)
	// Verify verifies the ledger; it goes with Plug.
	Verify func(ctx context.Context, by muster.Actor) (Verified, error)
	// Teams says something through the chat's own door, signed as Teams signs it.
	Teams func(ctx context.Context, text, directory, name string) error

	mu sync.Mutex // a button that is pressed twice does one step after the other
}

// Verified is what came of verifying the ledger.
type Verified struct {
	Rows, Pages int64
	Wrong       string // "" when nothing was changed
}

// state is what the play remembers.
type state struct {
	Step     int               `json:"step"` // steps done
	Closed   bool              `json:"closed"`
	Alert    muster.AlertID    `json:"alert,omitempty"`
	Incident muster.IncidentID `json:"incident,omitempty"`
	Key      string            `json:"key,omitempty"`
	Review   muster.ReviewID   `json:"review,omitempty"`
}

// Strip is the line on top of every screen: what just happened, and the button for what to do next.
type Strip struct {
	Step, Of int
	Text     string
	Button   string // "" when the play is over
	Auto     bool   // press it once by itself, with script

	Next, Close string   // what the buttons do: see [Play.Act]
	Scenes      []Choice // buttons that begin the scenes that were not played
}

// What a button of the strip does. A scene begins by its own name.
const (
	ActNext       = "next"
	ActClose      = "close"
	ActScene      = "scene"
	ActCloseScene = "close-scene"
)

// Act does what a button of the strip says, for somebody who looks on. It gives the page that shows it best, "" for the same
// page.
func (p *Play) Act(ctx context.Context, viewer muster.UserName, act string) (at string, err error) {
	switch act {
	case ActNext:
		return p.Next(ctx)
	case ActClose:
		return "", p.Close(ctx)
	case ActScene:
		return p.NextVerse(ctx, viewer)
	case ActCloseScene:
		return "", p.CloseScene(ctx)
	}
	for _, sc := range p.scenes() {
		if sc.name == act {
			return "", p.BeginScene(ctx, act)
		}
	}
	return "", muster.Errorf(muster.ErrNotFound, "The strip has no such button: load the page again.")
}

type step struct {
	happened string // after this many steps
	button   string
	run      func(*Play, context.Context, *state) (at string, err error)
}

// steps are the nine of the play. The text of a step is shown before its button is pressed.
func steps() []step {
	return []step{
		{"This is Tailwind Traders on a quiet evening. The shopping cart is about to fail.", "Let it fail", (*Play).fail},
		{"Azure Monitor reported “High Number of Failures”. Muster paged who is on call, told why, and opened a room.", "Answer the phone", (*Play).answer},
		{"The page was answered: it is proved, and nobody else is woken.", "Take command", (*Play).command},
		{"Ana commands, Tom informs, Mia writes. Everything said in the room is kept.", "Look for the cause", (*Play).look},
		{"Chen rolls the last release back. Sales and support want to know what is going on.", "Tell them", (*Play).tell},
		{"The update is on the status page, with a promise: the clock runs.", "Update from Microsoft Teams", (*Play).chat},
		{"“@StatusPage update” in Teams was enough: the page has it, and so has the room.", "The rollback works", (*Play).mitigate},
		{"Customers can fill their carts again. One last word to them, then it is over.", "Resolve it", (*Play).resolve},
		{"It is over. What can be learned, while people remember?", "Open the review", (*Play).review},
		{"From alert to review in nine steps. The timeline became the draft: add a finding, or look around.", "", nil},
	}
}

func (p *Play) load(ctx context.Context) (s state, err error) {
	v, err := p.Commands.Recall(ctx, metaPlay)
	if err != nil || v == "" {
		return s, err
	}
	return s, json.Unmarshal([]byte(v), &s)
}

func (p *Play) save(ctx context.Context, s state) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return p.Commands.Remember(ctx, metaPlay, string(b))
}

// Strip returns the line to show: of the other scene while that is played, nil when it was closed.
func (p *Play) Strip(ctx context.Context) (*Strip, error) {
	other, left, err := p.scene(ctx)
	if err != nil || other != nil {
		return other, err
	}
	s, err := p.load(ctx)
	if err != nil || s.Closed {
		return nil, err
	}
	sc := steps()
	now := sc[min(s.Step, len(sc)-1)]
	strip := &Strip{
		Step: min(s.Step+1, len(sc)-1), Of: len(sc) - 1, Text: now.happened, Button: now.button, Auto: s.Step == 0, Next: ActNext, Close: ActClose,
	}
	strip.Scenes = left
	return strip, nil
}

// Close puts the strip away.
func (p *Play) Close(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.load(ctx)
	if err != nil {
		return err
	}
	s.Closed = true
	return p.save(ctx, s)
}

// Next does the next step and says which screen shows it best.
func (p *Play) Next(ctx context.Context) (at string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.load(ctx)
	if err != nil {
		return "", err
	}
	sc := steps()
	if s.Step >= len(sc)-1 {
		return "/reviews/" + string(s.Review), nil
	}
	if at, err = sc[s.Step].run(p, ctx, &s); err != nil {
		return "", err
	}
	s.Step++
	return at, p.save(ctx, s)
}

func (p *Play) as(u muster.UserName) (muster.Actor, error) {
	return p.Commands.ActorOf(u, muster.SurfaceWeb)
}

func (p *Play) fail(ctx context.Context, s *state) (string, error) {
	src := p.Commands.Live.Current().Catalog.Sources[Source]
	if src == nil {
		return "", muster.Errorf(muster.ErrConflict, "The demo's source %q was removed: start the demo on a new directory.", Source)
	}
	signals, err := p.Parse(src, seedAlert, muster.At(time.Now()))
	if err != nil {
		return "", err
	}
	res, err := p.Commands.ReceiveSignals(ctx, command.ReceiveSignals{Source: Source, Format: "azure-monitor", Raw: seedAlert, Signals: signals})
	if err != nil {
		return "", err
	}
	if len(res) == 0 {
		return "", muster.Errorf(muster.ErrConflict, "The alert was not taken: it holds no signal.")
	}
	if res[0].Alert == "" {
		return "", muster.Errorf(muster.ErrConflict, "The alert was not taken: %s.", res[0].Detail)
	}
	s.Alert = res[0].Alert
	err = p.Commands.Store.Read(ctx, func(r store.Reader) error {
		a, err := r.Alert(s.Alert)
		if err == nil {
			s.Incident, s.Key = a.Incident, string(a.IncidentKey)
		}
		return err
	})
	return "/a/" + string(s.Alert), err
}

// answer presses Acknowledge on the page that rang first: with the page's own token, which proves it.
func (p *Play) answer(ctx context.Context, s *state) (string, error) {
	var page *muster.Page
	err := p.Commands.Store.Read(ctx, func(r store.Reader) error {
		pages, err := r.PagesOf(s.Alert)
		if i := slices.IndexFunc(pages, func(pg *muster.Page) bool { return pg.State != muster.PageCancelled }); i >= 0 {
			page = pages[i]
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if page == nil {
		return "", muster.Errorf(muster.ErrConflict, "Nobody was paged about the alert.")
	}
	actor, err := p.Commands.ActorOf(page.Person, muster.SurfacePage)
	if err != nil {
		return "", err
	}
	actor.Page = page.ID
	_, err = command.Run[command.NoteAlert, *muster.Alert](ctx, p.Commands, "AckAlert", actor, command.NoteAlert{Alert: s.Alert})
	return "/a/" + string(s.Alert), err
}

// room runs operations in the incident's room, each as somebody.
func (p *Play) room(ctx context.Context, s *state, name string, fn func(b *cast) error) (string, error) {
	ana, err := p.as(Admin)
	if err != nil {
		return "", err
	}
	if s.Key == "" {
		inc, err := command.Run[command.DeclareIncident, *muster.Incident](ctx, p.Commands, "DeclareIncident", ana, command.DeclareIncident{Alert: s.Alert, Severity: muster.SEV2})
		if err != nil {
			return "", err
		}
		s.Incident, s.Key = inc.ID, string(inc.Key)
	}
	err = p.Commands.Batch(ctx, name, ana, func(b *command.Batch) error { return fn(&cast{b, p}) })
	return "/i/" + s.Key, err
}

// cast runs operations as the people of the demo.
type cast struct {
	b *command.Batch
	p *Play
}

func (c *cast) as(u muster.UserName) *command.Batch {
	actor, err := c.p.as(u)
	if err != nil { // somebody removed the person: their line is Ana's
		return c.b
	}
	return c.b.As(actor)
}

func (p *Play) command(ctx context.Context, s *state) (string, error) {
	return p.room(ctx, s, "PlayCommand", func(c *cast) error {
		for _, r := range []struct {
			role muster.Role
			who  muster.UserName
		}{{muster.RoleIncidentCommander, Admin}, {muster.RoleCommunicationCoordinator, "tom"}, {muster.RoleScribe, "mia"}} {
			if _, err := c.as(Admin).Role(command.AssignRole{Incident: s.Key, Role: r.role, Person: r.who}); err != nil {
				return err
			}
		}
		_, err := c.as(Admin).Say(command.AddTimelineEntry{Incident: s.Key, Kind: muster.EntrySaid, Text: "I have command. Tom informs, Mia writes. Nobody deploys without saying so here."})
		return err
	})
}

func (p *Play) look(ctx context.Context, s *state) (string, error) {
	return p.room(ctx, s, "PlayLook", func(c *cast) error {
		for _, l := range []struct {
			who  muster.UserName
			kind muster.EntryKind
			text string
		}{
			{"mia", muster.EntrySaw, "Support has three tickets: “add to cart spins, then 503”. Web only, all regions."},
			{"chen", muster.EntrySaw, "cart-api cannot reach its host: the configmap says port 44 since the last release. It was 443."},
			{"ravi", muster.EntryFelt, "Uneasy: the same file was touched for the sale prices."},
			{Admin, muster.EntryDecided, "Roll cart-api back to the release before. Chen does it; nobody else deploys."},
		} {
			if _, err := c.as(l.who).Say(command.AddTimelineEntry{Incident: s.Key, Kind: l.kind, Text: l.text}); err != nil {
				return err
			}
		}
		if _, err := c.as("chen").Theory(command.AddTheory{Incident: s.Key, Text: "The last release changed the port in the cart's configmap"}); err != nil {
			return err
		}
		if _, err := c.as(Admin).Answer(command.SetAnswer{Incident: s.Key, Question: muster.QuestionBad, Text: "Nobody can add to the cart on the web; full carts still check out"}); err != nil {
			return err
		}
		_, err := c.as("chen").Start(command.StartAction{Incident: s.Key, Text: "Roll cart-api back to the release before"})
		return err
	})
}

func (p *Play) tell(ctx context.Context, s *state) (string, error) {
	return p.room(ctx, s, "PlayTell", func(c *cast) error {
		_, err := c.as("tom").Update(command.PostStatusUpdate{
			Incident: s.Key, Known: "Customers cannot add items to the cart. Carts that are full already can be paid.",
			Doing: "We are undoing the last release.", In: muster.Duration(20 * time.Minute), Audience: muster.AudiencePublic,
		})
		return err
	})
}

func (p *Play) chat(ctx context.Context, s *state) (string, error) {
	cat := p.Commands.Live.Current().Catalog
	dir, name := "", "Tom Becker"
	if u := cat.Users["tom"]; u != nil {
		dir, name = u.Directory, u.Display
	}
	err := p.Teams(ctx, "update Two of six regions work again. The others follow.", dir, name)
	return "/i/" + s.Key, err
}

func (p *Play) mitigate(ctx context.Context, s *state) (string, error) {
	var inc *muster.Incident
	if err := p.Commands.Store.Read(ctx, func(r store.Reader) (err error) {
		inc, err = r.Incident(s.Incident)
		return err
	}); err != nil {
		return "", err
	}
	return p.room(ctx, s, "PlayMitigate", func(c *cast) error {
		if _, err := c.as("chen").Say(command.AddTimelineEntry{Incident: s.Key, Kind: muster.EntryDid, Text: "All six regions are on the release before. Failures are at 0.2 %."}); err != nil {
			return err
		}
		for _, a := range inc.Actions {
			if !a.EndedAt.IsZero() {
				continue
			}
			if _, err := c.as("chen").Finish(command.FinishAction{Incident: s.Key, Action: a.ID, Outcome: "Carts fill again"}); err != nil {
				return err
			}
		}
		for _, t := range inc.Theories {
			if t.State != muster.TheoryOpen {
				continue
			}
			if _, err := c.as("chen").Settle(command.SetTheory{Incident: s.Key, Theory: t.ID, State: muster.TheoryConfirmed}); err != nil {
				return err
			}
		}
		_, err := c.as(Admin).Mitigate(command.NoteIncident{Incident: s.Key})
		return err
	})
}

func (p *Play) resolve(ctx context.Context, s *state) (string, error) {
	return p.room(ctx, s, "PlayResolve", func(c *cast) error {
		_, err := c.as("tom").Update(command.PostStatusUpdate{
			Incident: s.Key, Known: "The cart works again everywhere. Nothing was lost.", Final: true, Audience: muster.AudiencePublic,
		})
		if err != nil {
			return err
		}
		_, err = c.as(Admin).Resolve(command.NoteIncident{Incident: s.Key})
		return err
	})
}

func (p *Play) review(ctx context.Context, s *state) (string, error) {
	if _, err := p.room(ctx, s, "PlayReview", func(c *cast) error {
		rev, err := c.as(Admin).Review(command.OneIncident{Incident: s.Key})
		if err == nil {
			s.Review = rev.ID
		}
		return err
	}); err != nil {
		return "", err
	}
	if s.Review == "" {
		return "", fmt.Errorf("demo: the review has no identifier")
	}
	return "/reviews/" + string(s.Review), nil
}
