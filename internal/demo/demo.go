// Package demo is Tailwind Traders: eight people in three zones, three teams, their rosters, services and guides, one
// incident of the past with its review, and a play that takes the alert of the talk "Responding to Incidents" all the way
// to its review. It is seeded through the operations that people use, in one command, so that it cannot show what Muster
// cannot do.
//
// It may import command and catalog.
package demo

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

//go:embed tailwind.yaml
var documents string

//go:embed seed_alert.json
var seedAlert []byte // microsoft/ignite-learning-paths-training-ops, ops20/demos/01/alert_body.json

// Names that the demo's documents use and its caller needs.
const (
	Org        = "Tailwind Traders"
	Admin      = muster.UserName("ana")
	Source     = muster.SourceName("monitoring")
	ReportFrom = muster.SourceName("report")
	Teams      = muster.ConnectorName("teams")
	PublicPage = muster.StatusPageName("public")
)

// Names of the sealed secrets that the demo prints again at each start.
const (
	secretAdmin  = "demo-admin-token"
	secretIntake = "demo-intake-key"
	secretTeams  = "demo-teams-secret"
	secretPhones = "demo-phones-token"
)

// Access is what opens the demo: the same at each start on the same data.
type Access struct {
	AdminToken  string
	IntakeKey   string
	TeamsSecret string // base64, as Teams shows it
	PhonesToken string
}

// Seed fills an empty installation. On one that has been seeded it only reads the tokens.
func Seed(ctx context.Context, c *command.Commands) (*Access, error) {
	marker, err := c.Recall(ctx, command.MetaDemo)
	if err != nil {
		return nil, err
	}
	if marker == "" {
		if n := len(c.Live.Current().Catalog.Users); n > 0 {
			return nil, muster.Errorf(muster.ErrConflict, "The data directory holds an installation with %d people already: give the demo a directory of its own.", n)
		}
		who := muster.Actor{Name: "Demo", Access: muster.AccessAdmin, Surface: muster.SurfaceSetup}
		if err := c.Batch(ctx, "SeedDemo", who, seed); err != nil {
			return nil, fmt.Errorf("demo: seed: %w", err)
		}
	}
	a := &Access{}
	for name, to := range map[string]*string{secretAdmin: &a.AdminToken, secretIntake: &a.IntakeKey, secretTeams: &a.TeamsSecret, secretPhones: &a.PhonesToken} {
		if *to, err = c.SecretValue(ctx, name); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func seed(b *command.Batch) error {
	raw, err := hex.DecodeString(b.IDs.Token(32))
	if err != nil {
		return err
	}
	admin, intake := b.Tokens()
	for name, value := range map[string]string{
		secretAdmin: admin, secretIntake: intake, secretTeams: base64.StdEncoding.EncodeToString(raw), secretPhones: b.IDs.Token(16),
	} {
		if err := b.Secret(name, value); err != nil {
			return err
		}
	}
	if err := catalog(b); err != nil {
		return err
	}
	if err := b.Key(command.CreateKey{Name: "Demo: signs in as Ana", User: Admin}, admin); err != nil {
		return err
	}
	if err := b.Key(command.CreateKey{Name: "Demo: Azure Monitor", Source: Source}, intake); err != nil {
		return err
	}
	for u := range b.Snap.Catalog.Users {
		if _, err := b.Contact(command.AddContact{User: u, Method: "phone", Connector: "phone", Address: string(u)}); err != nil {
			return err
		}
	}
	for _, tell := range []func(*command.Batch) error{told, past, away} {
		if err := tell(b); err != nil {
			return err
		}
	}
	noor := muster.Actor{User: "noor", Name: b.Snap.Catalog.DisplayName("noor"), Access: muster.AccessAdmin, Surface: muster.SurfaceWeb}
	err = b.As(noor).AcceptWarning(command.AcceptWarning{
		Roster: "payments", Kind: "many_nights", Why: "Two people share payments until the third one has started.", Until: b.Now().Plus(60 * 24 * time.Hour),
	})
	if err != nil {
		return err
	}
	return b.SetMeta(command.MetaDemo, "seeded")
}

// catalog writes the documents as of the day on which Tailwind Traders began with Muster. The reminders and hand-overs since
// then are not made up for: the engine begins with those to come.
func catalog(b *command.Batch) error {
	then := b.At(b.Now().Plus(-history), b.Actor)
	if err := then.Apply(command.ApplyDocuments{Documents: documents, File: "tailwind.yaml", Why: "the demo's catalog"}); err != nil {
		return err
	}
	b.Snap = then.Snap
	for name := range b.Snap.Catalog.Rosters {
		if err := b.DeleteTimersOf(muster.DocRef(muster.KindRosters, string(name)), muster.TimerShiftRemind, muster.TimerHandover); err != nil {
			return err
		}
	}
	return nil
}

// past is an incident of two weeks ago, told by the operations that make one.
func past(b *command.Batch) error {
	start := b.Now().Plus(-14 * 24 * time.Hour)
	p := &teller{b: b, start: start}
	inc := p.declare(command.DeclareIncident{
		Title: "Search suggestions slow", Severity: muster.SEV3, Service: "search", DetectedBy: muster.DetectedByCustomer,
		Impact: "Suggestions take two seconds; search itself is not slower",
	})
	p.role("mia", muster.RoleIncidentCommander, "mia")
	p.role("mia", muster.RoleCommunicationCoordinator, "tom")
	p.say(2, "zoe", muster.EntrySaw, "Two customers wrote that typing in the search box hangs.")
	p.say(3, "leo", muster.EntrySaw, "p95 of suggestions went from 180 ms to 2.1 s at 22:31, one minute after the index rebuild began.")
	p.update(5, "tom", "Product suggestions are slow. Search itself works.", "We are looking at the nightly rebuild of the index.", 40*time.Minute, false)
	p.say(7, "leo", muster.EntryDecided, "Stop the rebuild and start it again with half the workers.")
	p.act(8, "leo", "Restart the index rebuild with half the workers")
	p.say(19, "leo", muster.EntryFelt, "Uneasy: nobody of us has stopped a rebuild half way before.")
	p.say(24, "leo", muster.EntrySaw, "p95 is back at 210 ms. The rebuild goes on, slower.")
	p.finish(25, "leo", "Suggestions are back at 210 ms")
	p.mitigate(26, "mia")
	p.update(38, "tom", "Suggestions are as quick as before.", "We watch the rebuild until it ends.", 3*time.Hour, false)
	p.update(141, "tom", "The rebuild is done and suggestions stayed quick.", "", 0, true)
	p.resolve(142, "mia")
	p.review(24*60, inc)
	return p.err
}
