package app

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

// nodes is what this process does because others share its store.
type nodes struct {
	ready    atomic.Bool // everything is wired: hints may come
	watching sync.WaitGroup
	mu       sync.Mutex
	rendered map[muster.StatusPageName]string // when the copy that lies here was published
}

// statusLook is how often a node looks whether another one published a status page, of which each serves its own copy.
const statusLook = 15 * time.Second

// hinted is told what other nodes changed, some milliseconds after they did.
func (a *App) hinted(events []store.Event) {
	if !a.nodes.ready.Load() {
		return // the start reads everything
	}
	a.Engine.Hinted(events)
	for _, e := range events {
		a.react(e.Topic)
		switch {
		case e.Topic == store.TopicMissed:
			for _, topic := range []string{"secrets", "settings", "keys"} {
				a.react(topic)
			}
			a.Bus.Missed()
		case strings.HasPrefix(e.Topic, "statuspage:"):
			go a.copyStatus(a.ctx, muster.StatusPageName(strings.TrimPrefix(e.Topic, "statuspage:")))
		}
	}
	a.Bus.Publish(events)
}

// react forgets what a topic makes old.
func (a *App) react(topic string) {
	switch topic {
	case "secrets":
		a.connectors.forget()
	case "settings":
		go a.settingsChanged()
	case "keys", "catalog":
		if rest := a.rest.Load(); rest != nil {
			rest.Invalidate()
		}
	}
}

// watchNodes keeps this node's copies of the status pages current, hints or not.
func (a *App) watchNodes() {
	if a.Store == "" {
		return // SQLite belongs to this process
	}
	a.nodes.watching.Go(func() {
		tick := time.NewTicker(statusLook)
		defer tick.Stop()
		for {
			select {
			case <-a.ctx.Done():
				return
			case <-tick.C:
				a.copyStatuses(a.ctx)
			}
		}
	})
}

// copyStatuses renders here what another node published since.
func (a *App) copyStatuses(ctx context.Context) {
	for page := range a.Live.Current().Catalog.StatusPages {
		at, err := a.Commands.Recall(ctx, command.MetaPublished+string(page))
		if err != nil {
			return // the next look will find it
		}
		a.nodes.mu.Lock()
		known := a.nodes.rendered[page] == at
		a.nodes.mu.Unlock()
		if !known && a.copyStatus(ctx, page) {
			a.copied(page, at)
		}
	}
}

// copied notes when the copy that lies here was published.
func (a *App) copied(page muster.StatusPageName, at string) {
	a.nodes.mu.Lock()
	defer a.nodes.mu.Unlock()
	if a.nodes.rendered == nil {
		a.nodes.rendered = map[muster.StatusPageName]string{}
	}
	a.nodes.rendered[page] = at
}

// copyStatus renders this node's copy of a status page.
func (a *App) copyStatus(ctx context.Context, page muster.StatusPageName) bool {
	_, err := a.writeStatus(ctx, page)
	if err != nil && ctx.Err() == nil {
		a.Log.Error("this node's copy of a status page cannot be made: it is tried again", "page", page, "error", err)
	}
	return err == nil
}
