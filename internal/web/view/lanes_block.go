package view

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func (c *canvas) block(l *Lane, b *Block, x, y, w, h, room float64, stop bool) {
	c.link(b, stop)
	c.rect(b.class(), x, y, w, h)
	switch {
	case b.Person == "":
		c.rect("hat", x, y, w, h)
		if word := gapWord(w); word != "" {
			c.label("gapt", x+w/2, y+h/2+4, word)
		}
	case w >= 10:
		if name := fitted(b.Person, w); name != "" {
			class := "t"
			if b.You {
				class = "tm"
			}
			c.label(class, x+w/2, y+h/2+4, name)
		}
	}
	if l.Kind == "patches" {
		if text := b.beside(room - 14); text != "" {
			c.label("dim", x+w+7, y+h/2+4, text)
		}
	}
	c.raw("</a>")
}

// link begins a block: a way to the time machine, for the mouse, the keyboard and those without script. The script finds
// the stretch in data-f and data-u, as minutes since the drawing's beginning.
func (c *canvas) link(b *Block, stop bool) {
	said := c.said(b)
	c.raw(`<a class="k`)
	if b.You {
		c.raw(" you")
	}
	c.raw(`" href="`)
	c.text(c.sc.At)
	c.raw(said.at, `" data-f="`)
	begin := c.sc.From.Unix() / 60
	c.b = strconv.AppendInt(c.b, b.From.Unix()/60-begin, 10)
	c.raw(`" data-u="`)
	c.b = strconv.AppendInt(c.b, b.To.Unix()/60-begin, 10)
	if stop {
		c.raw(`"><title>`)
	} else {
		c.raw(`" tabindex="-1"><title>`)
	}
	c.title(b, said)
	c.raw("</title>")
}

// title says what hovering over a block shows, and what a screen reader says: who, when in both zones, and by what.
func (c *canvas) title(b *Block, said stretchText) {
	if b.Person == "" {
		c.raw("Nobody")
	} else {
		c.text(b.Person)
	}
	c.raw(said.when)
	if b.By != "" {
		c.raw(" · ")
		c.text(b.By)
	}
	if b.Note != "" {
		c.raw(" · ")
		c.text(b.Note)
	}
}

// marks draws now and the moment of the time machine over the lanes.
func (c *canvas) marks(h int) {
	if x := c.sc.nowX(c.s.Now); x >= 0 {
		c.vline("nowl", x, c.sc.head(), h)
		at := min(c.width-23, max(23, x))
		top := float64(c.sc.head())
		c.rect("nowb", at-23, top-20, 46, 20)
		c.label("nowt", at, top-6, c.s.hm(c.s.Now))
	}
	hide := ` hidden=""`
	x := 0.0
	if m := c.sc.Moment; !m.IsZero() && m.After(c.sc.From) && m.Before(c.sc.To) {
		hide, x = "", c.x(m)
	}
	c.raw(`<path class="atl" data-atl=""`, hide, ` d="M0 24V`, num(h), `" transform="translate(`)
	c.px(x)
	c.raw(`)"/>`)
}

// fitted is as much of a name as fits into a width: the name, the first of its names, its initial, or nothing.
func fitted(name string, width float64) string {
	first, _, _ := strings.Cut(name, " ")
	switch {
	case name == "" || width < 10:
		return ""
	case float64(utf8.RuneCountInString(name))*7.2+12 <= width:
		return name
	case float64(utf8.RuneCountInString(first))*7.2+8 <= width:
		return first
	}
	return initial(name)
}

func gapWord(width float64) string {
	switch {
	case width > 60:
		return "Nobody"
	case width > 30:
		return "Gap"
	}
	return ""
}

// beside is what stands to the right of an override or swap, when there is room until the next.
func (b *Block) beside(room float64) string {
	text := joinDots(b.By, b.Note)
	if float64(utf8.RuneCountInString(text))*6.4 < room {
		return text
	}
	if float64(utf8.RuneCountInString(b.By))*6.4 < room {
		return b.By
	}
	return ""
}

// class is the colour of a block.
func (b *Block) class() string {
	class := "b"
	switch b.Kind {
	case "gap":
		return "b gapb"
	case "replaced":
		return "was"
	case "override":
		class = "ov"
	case "swap":
		class = "ov sw"
	}
	switch {
	case b.You:
		class += " mine"
	case class == "b":
		class += " b" + string(rune('0'+b.Shade%3))
	}
	return class
}
