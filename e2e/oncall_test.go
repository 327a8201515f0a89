package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// sunRoster follows the sun over three zones, and has a back-up, a trainee and an override.
const sunRoster = `{"name":"sun","title":"Follow the sun","team":"storefront","public":true,"rotations":[
{"name":"berlin","role":"primary","kind":"follow-the-sun","zone":"Europe/Berlin","every":4,"unit":"day","handoff":"09:00","start":"2026-01-05","hours":[{"from":"09:00","to":"17:00"}],"people":["ravi","noor","tom"]},
{"name":"seattle","role":"primary","kind":"follow-the-sun","zone":"America/Los_Angeles","every":4,"unit":"day","handoff":"08:00","start":"2026-01-05","hours":[{"from":"08:00","to":"17:00"}],"people":["ana","mia"]},
{"name":"singapore","role":"primary","kind":"follow-the-sun","zone":"Asia/Singapore","every":3,"unit":"day","handoff":"09:00","start":"2026-01-05","hours":[{"from":"09:00","to":"17:00"}],"people":["chen","leo"]},
{"name":"back-up","role":"secondary","zone":"Europe/Berlin","every":3,"unit":"day","handoff":"09:00","start":"2026-01-05","people":["tom","mia","chen"]}]}`

// mouse sends one event of the mouse.
func (tab *Tab) mouse(kind input.DispatchMouseEventType, x, y float64) {
	tab.t.Helper()
	tab.do(fmt.Sprintf("mouse %s", kind), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		p := input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft}
		buttons := int64(1)
		if kind == input.DispatchMouseEventTypeMouseReleased {
			buttons = 0
		}
		p.Buttons = buttons

		p.ClickCount = 1
		_, err := chromedp.Call(ctx, input.DispatchMouseEvent, p)
		return err
	}))
}

// box is the place of an element in the window.
func (tab *Tab) box(selector string) (x, y, w, h float64) {
	tab.t.Helper()
	b := Eval[[]float64](tab, fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()`, quoted(selector)))
	return b[0], b[1], b[2], b[3]
}

// TestBrowserOnCall uses the schedule as people do: looks, drags, walks by keys, travels in time, edits, and by phone.
func TestBrowserOnCall(t *testing.T) {
	d, b := StartDemo(t, t.TempDir()), NewBrowser(t)
	d.Do(http.MethodPut, "/api/v1/rosters/sun", json.RawMessage(sunRoster), "If-None-Match", "*").Want(http.StatusCreated)
	tab := b.Tab(d.Line.URL)
	tab.SignIn(d.Line.AdminToken)

	tab.Go("/oncall?roster=sun&zoom=week&from=" + time.Now().AddDate(0, 0, 1).Format(time.DateOnly))
	tab.Sees("h1", "Follow the sun")
	tab.Inspect("the lanes", looks...)

	// A drag over the first lane fills in the form; sending it puts an override on the lanes, and the toast takes it back.
	x, y, w, h := tab.box(`.lane.drag[data-role="primary"] .hit`)
	tab.mouse(input.DispatchMouseEventTypeMousePressed, x+w*.4, y+h/2)
	for i := range 6 {
		tab.mouse(input.DispatchMouseEventTypeMouseMoved, x+w*(.4+.02*float64(i)), y+h/2)
	}
	tab.Until("the stretch to be drawn", `document.querySelector(".sel") && document.querySelector(".selt").textContent.includes("h")`)
	tab.mouse(input.DispatchMouseEventTypeMouseReleased, x+w*.5, y+h/2)
	tab.Until("the form", `document.querySelector("#override").matches(":popover-open")`)
	if got := Eval[string](tab, `(() => { const f = document.querySelector("#override form").elements; return [f.roster.value, f.role.value, f.from.value < f.to.value].join() })()`); got != "sun,primary,true" {
		t.Errorf("the drag fills in %s", got)
	}
	Eval[bool](tab, `(document.querySelector("#override [name=person]").value = "mia", true)`)
	tab.Click("#override .btn.pri")
	tab.Sees(".toast", "Mia Jensen is on call from")
	tab.Until("the override on the lanes", `document.querySelector(".lane.drag rect.ov")`)
	tab.Click(".toast .btn")
	tab.Until("the override to be gone", `!document.querySelector(".lane.drag rect.ov")`)

	// Keys: from shift to shift, and o overrides the one that has the focus.
	Eval[bool](tab, `(document.querySelector('.lane.drag .k[tabindex="0"], .lane.drag .k:not([tabindex])').focus(), true)`)
	first := Eval[string](tab, `document.activeElement.querySelector("title").textContent`)
	tab.Press(kb.ArrowRight)
	tab.Until("the next shift", fmt.Sprintf(`document.activeElement.querySelector("title")?.textContent !== %s`, quoted(first)))
	tab.Until("its line in both zones", `/PST|PDT/.test(document.querySelector("[data-laneinfo]").textContent) && !document.querySelector("[data-laneinfo]").hidden`)
	tab.Press("o")
	tab.Until("the form by a key", `document.querySelector("#override").matches(":popover-open")`)
	tab.Press(kb.Escape)

	// The slider looks while it moves.
	tab.Go("/oncall?roster=sun&zoom=week")
	Eval[bool](tab, `(() => { const s = document.querySelector("[name=slide]"); s.value = 200; s.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`)
	tab.Sees(".moment", "as the catalog stands", "Follow the sun")
	tab.Until("the address of the moment", `location.search.includes("at=")`)
	tab.Inspect("the time machine", looks...)
	tab.Go("/oncall?roster=storefront&service=cart&at=" + time.Now().AddDate(0, 0, 9).Format("2006-01-02T15:04"))
	tab.Sees("#why", "First paged", "Decided by")

	// A year over both changes of the clocks.
	tab.Go("/oncall?roster=sun&zoom=year")
	tab.Until("both changes of the clocks", `["Berlin", "Los Angeles"].every((z) => [...document.querySelectorAll(".dstt")].some((e) => e.textContent.includes(z)))`)
	tab.Inspect("a year", looks...)

	// The editor: the preview follows; nothing is saved before it is.
	tab.Go("/oncall/storefront/edit")
	tab.Sees("[data-part=preview]", "Nobody’s shift changes yet")
	Eval[bool](tab, `(() => { const s = document.querySelector('[name="r0.person"]'); s.value = "leo"; s.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`)
	tab.Sees("[data-part=preview]", "Draft", "Leo Okafor", "change hands")
	tab.Click(`button[value="down:r0:0"]`)
	tab.Until("the order to change", `document.querySelectorAll('[name="r0.person"]')[1].value === "leo"`)
	gx, gy, gw, gh := tab.box(`[data-people="r0"] [data-prow]:nth-child(3) [data-grip]`)
	tab.mouse(input.DispatchMouseEventTypeMousePressed, gx+gw/2, gy+gh/2)
	for i := range 12 {
		tab.mouse(input.DispatchMouseEventTypeMouseMoved, gx+gw/2, gy+gh/2-float64(i)*8)
	}
	tab.mouse(input.DispatchMouseEventTypeMouseReleased, gx+gw/2, gy+gh/2-88)
	tab.Until("the row to have moved", `document.querySelectorAll('[name="r0.person"]')[0].value === "chen"`)
	tab.Inspect("the editor", looks...)
	tab.Sees(".replay", "Play the last 90 days")
	tab.Click(`.replay button`)
	tab.Sees(".replay", "of the last 90 days")
	tab.Until("the end of the replay", `!document.querySelector(".replay button")`)
	Eval[bool](tab, `(document.querySelector('[name="why"]').value = "Leo joins", true)`)
	tab.Click(`.rform button[value="save"]`)
	tab.Sees("body", "Saved as revision")

	// Without script the same form does it.
	tab.Script(false)
	tab.Go("/oncall/storefront/edit")
	tab.Click(`button[value="up:r0:1"]`)
	tab.Sees("[data-part=preview]", "Draft")
	tab.Go("/oncall?by=slide&slide=30")
	tab.Sees(".moment", "as the catalog stands")
	tab.Script(true)

	// The small pages, also for those who have not signed in.
	for _, path := range []string{"/oncall", "/oncall/now", "/oncall/mine", "/oncall/new", "/oncall?zoom=day", "/oncall?zoom=month"} {
		tab.Go(path)
		tab.Inspect(path, looks...)
	}
	stranger := b.Private(d.Line.URL)
	stranger.Go("/oncall/now")
	stranger.Sees("main", "Follow the sun", "Primary")
	stranger.Inspect("on call now, for strangers", looks...)
}
