package view

import (
	"fmt"
	"strings"
	"time"
)

// dayPath draws the days of one state: height and colour both tell it.
func dayPath(days []int, state int) string {
	top := map[int]int{0: 12, 1: 6, 2: 0, -1: 12}[state]
	var b strings.Builder
	for i, d := range days {
		if d == state {
			fmt.Fprintf(&b, "M%d %dh7V32h-7z", i*10, top)
		}
	}
	return b.String()
}

// phaseBar is one phase on the bar of a review, to scale.
type phaseBar struct {
	Phase
	class  string
	x, w   float64
	took   string
	from   string
	label  bool    // there is room for its words above the bar
	at     float64 // where its words stand, and how
	anchor string
}

// phaseChart is the bar of phases with silences and marks.
type phaseChart struct {
	bars     []phaseBar
	silences []phaseBar
	marks    []phaseMark
	words    string // for those who do not see it
}

// markRoom is the width that the words of a mark take.
const markRoom = 130

type phaseMark struct {
	x      float64
	text   string // "" when the next mark tells it, too
	anchor string
}

// chart lays out the phases that have begun over a given width.
func (p Review) chart(width float64) phaseChart {
	var c phaseChart
	var begun []Phase
	for _, ph := range p.Phases {
		if !ph.From.IsZero() && (ph.To.After(ph.From) || ph.To.IsZero()) {
			if ph.To.IsZero() {
				ph.To = p.Shell.Now
			}
			begun = append(begun, ph)
		}
	}
	if len(begun) == 0 {
		return c
	}
	from, to := begun[0].From, begun[len(begun)-1].To
	total := to.Sub(from).Seconds()
	if total <= 0 {
		return c
	}
	x := func(t time.Time) float64 { return min(width, max(0, t.Sub(from).Seconds()/total*width)) }
	var said []string
	edge := -1000.0
	for i, ph := range begun {
		b := phaseBar{Phase: ph, class: fmt.Sprintf("p%d", i%5+1), x: x(ph.From), took: clock(ph.To.Sub(ph.From)), from: p.Shell.hm(ph.From)}
		b.w = max(2, x(ph.To)-b.x-2)
		need := float64(max(len(ph.Name)*8, len(b.took)*11)) + 8
		b.at, b.anchor = b.x, "start"
		if b.x+need > width {
			b.at, b.anchor = width, "end"
		}
		if min(b.x, width-need) >= edge {
			b.label = true
			edge = b.x + need
		}
		said = append(said, ph.Name+" "+span(ph.To.Sub(ph.From)))
		c.bars = append(c.bars, b)
	}
	for _, sp := range p.Silences {
		c.silences = append(c.silences, phaseBar{x: x(sp.From), w: max(1, x(sp.To)-x(sp.From))})
	}
	for _, m := range p.Marks {
		pm := phaseMark{x: x(m.At), text: p.Shell.hm(m.At) + " " + m.Text, anchor: "middle"}
		if n := len(c.marks); n > 0 && pm.x-c.marks[n-1].x < markRoom { // their words would run into each other: one line tells both
			pm.text, c.marks[n-1].text = c.marks[n-1].text+", "+pm.text, ""
		}
		half := float64(len(pm.text)) * 3.4
		if pm.x > width-half {
			pm.anchor = "end"
		}
		if pm.x < half {
			pm.anchor = "start"
		}
		c.marks = append(c.marks, pm)
		said = append(said, m.Text+" at "+p.Shell.hm(m.At))
	}
	c.words = strings.Join(said, ", ")
	return c
}
