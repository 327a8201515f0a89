package connectortest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

func (c Case) delivers(t *testing.T) {
	b := c.start(t)
	for i, kind := range kinds() {
		key := fmt.Sprintf("dlv_%032d", i)
		before := b.count()
		r, err := b.conn.Deliver(t.Context(), b.delivery(kind, key))
		if !slices.Contains(c.Takes, kind) {
			if !connector.IsPermanent(err) || b.count() != before {
				t.Errorf("%s: it does not take these, and says %v", kind, err)
			}
			continue
		}
		if err != nil || r.Detail == "" {
			t.Errorf("%s: %+v, %v", kind, r, err)
			continue
		}
		if b.Got != nil && b.count() != before+1 {
			t.Errorf("%s: %d arrived", kind, b.count()-before)
		}
		if b.Got != nil {
			for _, want := range says(kind) {
				if text := b.Got()[before].Text; !strings.Contains(text, want) && !slices.Contains(c.Unsaid, want) {
					t.Errorf("%s: it does not say %q:\n%s", kind, want, text)
				}
			}
		}
	}
}

// says is what a person must be able to read of what was delivered.
func says(kind muster.DeliveryKind) []string {
	switch kind {
	case muster.DeliverPage:
		return []string{"High Number of Failures", "Storefront", "Customers cannot buy", "Ana is primary", "https://muster.example/p/tok"}
	case muster.DeliverNotification:
		return []string{"You are on call from 09:00", "Storefront, primary.", "https://muster.example/oncall?roster=web"}
	case muster.DeliverWebhook, muster.DeliverStatusPage, muster.DeliverRoster, muster.DeliverCalendar, muster.DeliverReceipt:
	}
	return nil
}

// repeats: the same key twice is recognised by the other side.
func (c Case) repeats(t *testing.T) {
	b := c.start(t)
	for _, kind := range c.Takes {
		d := b.delivery(kind, "dlv_same_"+string(kind))
		before := b.distinct()
		for range 2 {
			if _, err := b.conn.Deliver(t.Context(), d); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if b.Got != nil && b.distinct() != before+1 {
			t.Errorf("%s: the repetition has another key", kind)
		}
	}
}

// Hostile are texts that must not break anything.
func Hostile() []string {
	return []string{
		"", " ", strings.Repeat("long ", 20_000), strings.Repeat("🔥", 5_000), strings.Repeat("x", 100_000),
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</td></table></body></html>", "{{.Secret}} ${env:HOME} %s%n",
		"@channel @everyone <!here> <@U123>", "[link](javascript:alert(1))", "javascript:alert(1)",
		"a\r\nBcc: victim@evil.example\r\n\r\nbody", "a\nSubject: other", "a\rb", "nul\x00here", "esc\x1b[2J", "bell\x07",
		"\u202Egnp.exe\u202C", "\u2066isolate\u2069", "\u200Frtl", "שלום עולם", "مرحبا", "Ünïcödé ß 漢字", "👩‍👩‍👧‍👦", "e\u0301\u0301\u0301",
		"bad \xff\xfe utf8", "\ufeffbom", ".\r\n.", "..", "line\u2028separator", "=?utf-8?q?=41?=",
	}
}

func (c Case) hostile(t *testing.T) {
	if !slices.Contains(c.Takes, muster.DeliverPage) && !slices.Contains(c.Takes, muster.DeliverNotification) {
		return
	}
	b := c.start(t)
	for i, s := range Hostile() {
		for _, kind := range []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification} {
			if !slices.Contains(c.Takes, kind) {
				continue
			}
			d := b.delivery(kind, fmt.Sprintf("dlv_hostile_%d_%s", i, kind))
			if d.Page != nil {
				p := d.Page
				p.Title, p.Service, p.Impact, p.Action, p.Summary, p.Person, p.Why = s, s, s, s, s, s, s
				p.Severity, p.ReplyCode, p.PageURL = muster.AlertSeverity(s), s, s
			} else {
				d.Note.Title, d.Note.Text, d.Note.URL, d.Note.Kind, d.Note.Person = s, s, s, muster.NoticeKind(s), s
			}
			before := b.count()
			if _, err := b.conn.Deliver(t.Context(), d); err != nil {
				t.Errorf("%s with %q: %v", kind, muster.Clip(s, 40), err)
			} else if b.Got != nil && b.count() != before+1 {
				t.Errorf("%s with %q did not arrive", kind, muster.Clip(s, 40))
			}
		}
	}
}
