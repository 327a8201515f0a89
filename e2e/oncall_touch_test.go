package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// finger sends one event of a finger; without a place, it lifts.
func (tab *Tab) finger(kind input.DispatchTouchEventType, at ...float64) {
	tab.t.Helper()
	tab.do("touch "+string(kind), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		p := input.DispatchTouchEventParams{Type: kind, TouchPoints: []*input.TouchPoint{}}
		if len(at) == 2 {
			p.TouchPoints = append(p.TouchPoints, &input.TouchPoint{X: at[0], Y: at[1]})
		}
		_, err := chromedp.Call(ctx, input.DispatchTouchEvent, p)
		return err
	}))
}

// TestBrowserTouchOverrides drags with a finger: a press that rests marks a stretch, the form puts somebody on call then.
func TestBrowserTouchOverrides(t *testing.T) {
	d, b := StartDemo(t, t.TempDir()), NewBrowser(t)
	d.Do(http.MethodPut, "/api/v1/rosters/sun", json.RawMessage(sunRoster), "If-None-Match", "*").Want(http.StatusCreated)
	tab := b.Tab(d.Line.URL)
	tab.SignIn(d.Line.AdminToken)
	tab.Go("/oncall?roster=sun&zoom=week&from=" + time.Now().AddDate(0, 0, 1).Format(time.DateOnly))
	x, y, w, h := tab.box(`.lane.drag[data-role="primary"] .hit`)
	tab.finger(input.DispatchTouchEventTypeTouchStart, x+w*.4, y+h/2)
	tab.Until("the press to be felt", `document.querySelector("svg[data-dragging]")`)
	for i := range 6 {
		tab.finger(input.DispatchTouchEventTypeTouchMove, x+w*(.4+.02*float64(i)), y+h/2)
	}
	tab.Until("the stretch to be drawn", `document.querySelector(".sel") && document.querySelector(".selt").textContent.includes("h")`)
	tab.finger(input.DispatchTouchEventTypeTouchEnd)
	tab.Until("the form", `document.querySelector("#override").matches(":popover-open")`)
	Eval[bool](tab, `(document.querySelector("#override [name=person]").value = "mia", true)`)
	tab.Click("#override .btn.pri")
	tab.Sees(".toast", "Mia Jensen is on call from")
	tab.Until("the override on the lanes", `document.querySelector(".lane.drag rect.ov")`)
}
