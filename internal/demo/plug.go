package demo

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// plugTitle is the alert that the killed process had promised to its sender.
const plugTitle = "Checkout answers slowly"

// plugScene kills the server while a page is under way.
func plugScene() scene {
	return scene{
		name: "plug", title: "Pull the plug",
		overture: "Muster itself is about to die: with kill -9, after it has promised an alert to its sender and before the phone rings.",
		verses: []verse{
			{"Pull the plug", (*Play).pullThePlug},
			{"Did the page arrive?", (*Play).didItArrive},
			{"Does the ledger verify?", (*Play).doesItVerify},
		},
	}
}

func (p *Play) pullThePlug(_ context.Context, s *stage) (string, string, error) {
	s.PID, s.Since = os.Getpid(), muster.At(time.Now())
	p.Plug(func(ctx context.Context) error {
		_, err := p.fire(ctx, plugTitle, "checkout-slow-"+s.Since.Format("150405.000"))
		return err
	})
	return fmt.Sprintf("Process %d is being killed at this moment, with a page half begun. A supervisor starts another one, as systemd or Kubernetes would.", s.PID), "/", nil
}

func (p *Play) didItArrive(ctx context.Context, s *stage) (string, string, error) {
	if s.PID == os.Getpid() {
		s.again = true
		return "Not yet: this is still the old process. Press again in a moment.", "", nil
	}
	var alert *muster.Alert
	err := p.Commands.Store.Read(ctx, func(r store.Reader) error {
		list, err := r.Alerts(store.AlertFilter{Query: plugTitle, Since: s.Since, List: store.List{Limit: 1}})
		if len(list) > 0 {
			alert = list[0]
		}
		return err
	})
	if err != nil {
		return "", "", err
	}
	if alert == nil {
		return "The process died before it had promised anything: its sender got no answer and sends again. Nothing was lost.", "", nil
	}
	s.Alert = alert.ID
	at := "/a/" + string(alert.ID)
	pages, err := p.pages(ctx, alert.ID)
	if err != nil {
		return "", "", err
	}
	i := slices.IndexFunc(pages, func(pg *muster.Page) bool { return !pg.AcceptedAt.IsZero() })
	if i < 0 {
		s.again = true
		return fmt.Sprintf("Process %d has taken over and the page is under way. Press again in a moment.", os.Getpid()), at, nil
	}
	pg := pages[i]
	return fmt.Sprintf("It did. Process %d is dead; process %d found the page begun and without an end, and %s’s phone rang %s after the alert came in: attempt %d, the same page.",
		s.PID, os.Getpid(), p.named(pg.Person), pg.AcceptedAt.Sub(alert.ReceivedAt.Time).Round(10*time.Millisecond), len(pg.Attempts)), at, nil
}

func (p *Play) doesItVerify(ctx context.Context, s *stage) (string, string, error) {
	ana, err := p.as(Admin)
	if err != nil {
		return "", "", err
	}
	at := "/a/" + string(s.Alert)
	v, err := p.Verify(ctx, ana)
	if err != nil {
		return "", "", err
	}
	if v.Wrong != "" {
		return "It does not: " + v.Wrong, at, nil
	}
	return fmt.Sprintf("It does: %d rows, each chained to the one before, say the same as %d pages. What the dead process had begun is among them, and so is what the living one did.",
		v.Rows, v.Pages), at, nil
}
