package e2e

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed testdata/axe.min.js
var axe string

// layoutCheck lists what does not fit: a page wider than its window, text that is cut off, text that runs out of its box.
const layoutCheck = `(() => {
  const out = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) {
    const who = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 4).map(name);
    out.push("the page is " + wide + " px wide in a window of " + innerWidth + ": " + who.join(", "));
  }
  function name(e) {
    const c = typeof e.className === "string" ? e.className.trim().replace(/\s+/g, ".") : "";
    return e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (c ? "." + c : "") + " “" + (e.textContent || "").trim().replace(/\s+/g, " ").slice(0, 60) + "”";
  }
  for (const e of document.querySelectorAll("body *")) {
    if (!(e instanceof HTMLElement) || e.clientWidth <= 1 || e.clientHeight <= 1 || !(e.textContent || "").trim()) continue;
    if (e.closest("[hidden],.vh,.skip,[popover]:not(:popover-open),dialog:not([open]),option") || !e.checkVisibility({ visibilityProperty: true })) continue;
    const s = getComputedStyle(e);
    const hides = (v) => v === "hidden" || v === "clip";
    if ((hides(s.overflowX) || s.textOverflow === "ellipsis") && e.scrollWidth > e.clientWidth + 1) out.push("cut off sideways: " + name(e));
    if (hides(s.overflowY) && e.scrollHeight > e.clientHeight + 2) out.push("cut off below: " + name(e));
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (own && s.display !== "inline" && s.overflowX === "visible" && e.scrollWidth > e.clientWidth + 2) out.push("runs out of its box: " + name(e));
  }
  return out;
})()`

// axeRun runs axe in the page and lists what is serious.
const axeRun = `axe.run(document, { preload: false, resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
  .then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) =>
    v.impact + " " + v.id + ": " + v.help + "\n      " + v.nodes.slice(0, 4).map((n) => n.target.join(" ") + "  " + n.html.slice(0, 160) + "  " + (n.any[0]?.message || n.all[0]?.message || n.none[0]?.message || "")).join("\n      ")))`

// Fits checks that the page fits its window and that no text is cut.
func (tab *Tab) Fits(where string) {
	tab.t.Helper()
	for _, p := range Eval[[]string](tab, layoutCheck) {
		tab.t.Errorf("%s: %s", where, p)
	}
}

// Accessible checks that axe finds nothing serious.
func (tab *Tab) Accessible(where string) {
	tab.t.Helper()
	if !Eval[bool](tab, `typeof axe === "object"`) {
		Eval[bool](tab, axe+"\n;true")
	}
	if list := Eval[[]string](tab, axeRun); len(list) > 0 {
		tab.t.Errorf("%s: axe says:\n    %s", where, strings.Join(list, "\n    "))
	}
}

// Inspect looks at the page as it is in these looks, and at what it complained about.
func (tab *Tab) Inspect(where string, as ...Look) {
	tab.t.Helper()
	for _, l := range as {
		tab.Look(l)
		at := fmt.Sprintf("%s (%s, %s)", where, tab.Path(), l.Name)
		tab.Fits(at)
		tab.Accessible(at)
	}
	tab.Look(looks[0])
	tab.Clean(where)
}
