package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/config"
	"github.com/muster-oncall/muster/internal/connector/teams/fake"
	"github.com/muster-oncall/muster/internal/demo"
	"github.com/muster-oncall/muster/internal/intake/azuremonitor"
	"github.com/muster-oncall/muster/internal/web"
	"github.com/muster-oncall/muster/internal/web/view"
)

// Demo runs Tailwind Traders until ctx ends.
func Demo(ctx context.Context, c config.Demo, stdout, stderr io.Writer) (err error) {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Data == "" {
		if c.Data, err = os.MkdirTemp("", "muster-demo-"); err != nil {
			return fmt.Errorf("a directory for the demo cannot be made: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(c.Data)) }()
	}
	l, start, alone, err := demoListener(c)
	if err != nil {
		return err
	}
	if !alone {
		return errors.Join(supervise(ctx, l, c.Data, stdout, stderr), l.Close())
	}
	fail, pulled := failpoint(os.Getenv(failpointEnv)), &plug{}
	if start > 0 {
		fail = pulled.failpoint
	}
	a, err := New(ctx, Deps{
		Data: c.Data, Listener: l, Log: logger(stderr, c.LogLevel, "text"), Version: version(), Org: demo.Org, AllowPrivate: c.AllowPrivate,
		Failpoint: fail,
	})
	if err != nil {
		_ = l.Close()
		return err
	}
	access, err := demo.Seed(ctx, a.Commands)
	if err != nil {
		return errors.Join(err, a.DB.Close(), l.Close())
	}
	a.Phones = access.PhonesToken
	if !c.Quiet {
		var pull func(func(context.Context) error)
		if start > 0 {
			pull = func(happen func(context.Context) error) {
				pulled.pull(a.ctx, func(err error) { a.Log.Error("the scene's alert was not taken", "error", err) }, happen)
			}
		}
		a.Guide = a.guide(access, pull)
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop())
	}
	if start > 1 {
		return a.run(ctx) // who started it has the line
	}
	line := demoLine{
		URL: a.URL(), AdminToken: access.AdminToken, IntakeKey: access.IntakeKey, TeamsSecret: access.TeamsSecret, Data: c.Data,
		TeamsWebhookURL: a.URL() + "/chat/teams/" + string(demo.Teams) + "/webhook",
		StatusURL:       a.URL() + "/s/" + string(demo.PublicPage) + "/",
		PhoneURL:        a.URL() + "/phones/" + access.PhonesToken,
	}
	if err := line.print(stdout, c.JSON); err != nil {
		return err
	}
	return a.run(ctx)
}

// guide is the strip that leads through the play. pull kills this process in the middle of what happens; nil: nobody would
// start another one.
func (a *App) guide(access *demo.Access, pull func(func(context.Context) error)) web.Guide {
	verify := func(ctx context.Context, by muster.Actor) (demo.Verified, error) {
		r, err := a.Queries.Verify(ctx, by, "")
		return demo.Verified{Rows: r.Rows, Pages: r.Pages, Wrong: r.Wrong}, err
	}
	play := &demo.Play{Commands: a.Commands, Plug: pull, Verify: verify, Parse: azuremonitor.Parse, Teams: func(ctx context.Context, text, directory, name string) error {
		return a.sayInTeams(ctx, access.TeamsSecret, text, directory, name)
	}}
	return web.Guide{
		Strip: func(ctx context.Context, _ muster.Actor, _ string) *view.Guide {
			s, err := play.Strip(ctx)
			if err != nil || s == nil {
				return nil
			}
			g := &view.Guide{Step: s.Step, Of: s.Of, Text: s.Text, Auto: s.Auto, CloseURL: "/guide/" + s.Close}
			if s.Button != "" {
				g.Action = view.Button{Text: s.Button, URL: "/guide/" + s.Next}
			}
			for _, sc := range s.Scenes {
				g.Scenes = append(g.Scenes, view.Button{Text: sc.Text, URL: "/guide/" + sc.Act})
			}
			return g
		},
		Act: func(ctx context.Context, actor muster.Actor, act string) (string, error) {
			return play.Act(ctx, actor.User, act)
		},
	}
}

// sayInTeams sends a message through the chat's own door, signed as Teams signs it.
func (a *App) sayInTeams(ctx context.Context, secret, text, directory, name string) error {
	msg := fake.Message{Mention: "StatusPage", Text: text, Name: name, ObjectID: directory, At: time.Now()}
	url := "http://" + a.Listener.Addr().String() + "/chat/teams/" + string(demo.Teams) + "/webhook"
	if _, err := fake.Post(ctx, &http.Client{}, url, secret, msg); err != nil {
		return muster.WrapError(muster.ErrConflict, err, "The message from Teams was not taken: %v.", err)
	}
	return nil
}
