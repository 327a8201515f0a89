package view

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// rects lists the rectangles of a class in a drawing: x, y, width and height.
func rects(t *testing.T, svg, class string) (out [][4]float64) {
	t.Helper()
	re := regexp.MustCompile(`<rect class="` + class + `" x="([-0-9.]+)" y="([-0-9.]+)" width="([-0-9.]+)" height="([-0-9.]+)"/>`)
	for _, m := range re.FindAllStringSubmatch(svg, -1) {
		var r [4]float64
		for i := range r {
			var err error
			if r[i], err = strconv.ParseFloat(m[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, r)
	}
	return out
}

// wellFormed reads a drawing to its end.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the drawing is not well formed: %v", err)
		}
	}
}

func TestLanesStayInsideTheWindow(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	from := time.Date(2026, 10, 24, 0, 0, 0, 0, zone) // the clocks change on the 25th: that day is wider
	sc := Schedule{ID: "shop", From: from, To: from.AddDate(0, 0, 14), Lanes: []Lane{{Kind: "final", Role: "primary", Blocks: []Block{
		{From: from.AddDate(0, 0, -3), To: from.AddDate(0, 0, 2), Person: "Ana <b>", Kind: "shift"},
		{From: from.AddDate(0, 0, 2), To: from.AddDate(0, 0, 30), Kind: "gap"},
		{From: from.AddDate(0, 0, 40), To: from.AddDate(0, 0, 50), Person: "Far", Kind: "shift"},
	}}}}
	svg := string(sc.svg(Shell{Now: from.AddDate(0, 0, 1), Zone: zone}, newInk()))
	wellFormed(t, svg)
	blocks := append(rects(t, svg, "b b0"), rects(t, svg, "b gapb")...)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks are drawn, want 2:\n%s", len(blocks), svg)
	}
	for _, b := range blocks {
		if b[0] < 0 || b[0]+b[2] > laneWidth+1 {
			t.Errorf("a block lies outside: %v", b)
		}
	}
	for _, want := range []string{`class="nowl"`, "Nobody", "Ana &lt;b&gt;", "Berlin −1\u00a0h", `data-role="primary"`, `data-roster="shop"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("the drawing does not have %q", want)
		}
	}
	days := rects(t, svg, "wk")
	if len(days) != 4 || days[1][2] <= days[0][2] {
		t.Errorf("the day of 25 hours is not wider than the others: %v", days)
	}
}

// A band of the same hours every day is one piece of a year's sheet; where clocks change, it steps.
func TestAYearIsASheet(t *testing.T) {
	t.Parallel()
	zone, home := berlin(t), time.UTC
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, home)
	l := Lane{Kind: "final", Role: "primary"}
	for d := range 365 {
		day := time.Date(2026, 1, 1+d, 9, 0, 0, 0, zone)
		l.Blocks = append(l.Blocks, Block{From: day, To: day.Add(8 * time.Hour), Person: "Noor", Kind: "shift", Zone: zone})
	}
	sc := Schedule{Name: "Sun", ID: "sun", From: from, To: from.AddDate(1, 0, 0), Year: true, Lanes: []Lane{l}, Zones: []*time.Location{zone}}
	svg := string(sc.svg(Shell{Now: from, Zone: home}, newInk()))
	wellFormed(t, svg)
	bands := rects(t, svg, "b b0")
	if len(bands) != 3 || bands[0][1] != bands[2][1] || bands[1][1] != bands[0][1]-yearHour {
		t.Fatalf("a year has the bands %v, want three, the one of summer an hour higher", bands)
	}
	for _, want := range []string{"Berlin +1\u00a0h", "Berlin −1\u00a0h", "Clocks go forward in Berlin on Sunday 29 March 01:00 UTC"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the year does not say %q", want)
		}
	}
	if len(svg) > 300_000 {
		t.Errorf("a year has %d bytes", len(svg))
	}
}

// A shift over midnight is two pieces of a sheet, and a turn of days around the clock is one for its whole days.
func TestTheSheetCutsAtMidnight(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	l := Lane{Kind: "final", Blocks: []Block{
		{From: from.Add(22 * time.Hour), To: from.Add(30 * time.Hour), Person: "Ana", Kind: "shift"},
		{From: from.Add(33 * time.Hour), To: from.Add(33*time.Hour + 4*24*time.Hour), Person: "Tom", Kind: "shift"},
	}}
	c := canvas{ink: newInk(), width: laneWidth, s: Shell{Zone: time.UTC}, sc: &Schedule{From: from, To: from.AddDate(0, 0, 30)}}
	var got []sheetPiece
	for _, p := range l.sheet(c.columns(), c.s) {
		p.block = nil
		got = append(got, p)
	}
	want := []sheetPiece{
		{first: 0, n: 1, from: 22, to: 24},
		{first: 1, n: 1, from: 0, to: 6},
		{first: 1, n: 1, from: 9, to: 24},
		{first: 2, n: 3, from: 0, to: 24},
		{first: 5, n: 1, from: 0, to: 9},
	}
	if len(got) != len(want) {
		t.Fatalf("pieces: %+v", got)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("piece %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
