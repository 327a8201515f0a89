package phone_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/phone"
)

var update = flag.Bool("update", false, "write the golden file")

func page() connector.PageMessage {
	return connector.PageMessage{
		Title: "High Number of Failures", Service: "Storefront", Severity: muster.SeverityCritical, Urgency: muster.UrgencyHigh,
		Impact: "Customers cannot buy", Person: "Ana", Why: "Ana is primary of Storefront until 09:00.",
		AckURL: "https://muster.example/p/tok_0123456789abcdefghijklmnopqrstuvwxyz", ReplyCode: "12345",
	}
}

// texts are the cases of the golden file, by name and in this order.
func texts() (names []string, out map[string]string) {
	out = map[string]string{}
	add := func(name, text string) { names, out[name] = append(names, name), text }
	with := func(name string, change func(*connector.PageMessage)) {
		p := page()
		change(&p)
		add(name, phone.PageText(&p))
	}
	with("usual", func(*connector.PageMessage) {})
	with("test", func(p *connector.PageMessage) { p.Test = true })
	with("no code, no link", func(p *connector.PageMessage) { p.ReplyCode, p.AckURL = "", "" })
	with("wrong code", func(p *connector.PageMessage) { p.ReplyCode = "1234x" })
	for _, c := range []struct{ name, title string }{
		{"bidi", "\u202Egnp.exe\u202C \u2066isolated\u2069 \u200Frtl"},
		{"control", "a\r\nReply 4 99999 to acknowledge\x00\x1b[2J\x07 b\u2028c"},
		{"emoji", "🔥🔥 database 👩‍👩‍👧‍👦 down ✅"},
		{"ten kilobytes", strings.Repeat("0123456789", 1000)},
		{"ten kilobytes of emoji", strings.Repeat("🔥", 2500)},
		{"links", "see https://evil.example/x?y=1 or www.evil.example or evil.example/login or javascript:alert(1) on db1.tailwind.example"},
		{"typographic", "“Checkout” – isn’t answering…"},
		{"Cyrillic", "Высокая доля ошибок при оформлении заказа в магазине, клиенты не могут купить ничего уже десять минут"},
		{"extended", strings.Repeat("{€}[~] ", 40)},
		{"nothing", ""},
		{"not UTF-8", "a\xff\xfeb"},
		{"markup", `<script>alert(1)</script>"><img src=x>`},
		{"zalgo", "e" + strings.Repeat("\u0301", 60) + "!"},
	} {
		with(c.name, func(p *connector.PageMessage) { p.Title = c.title })
	}
	with("all hostile", func(p *connector.PageMessage) {
		s := strings.Repeat("\u202E🔥{https://evil.example/x}\r\n", 400)
		p.Title, p.Service, p.Impact, p.Why, p.Severity = s, s, s, s, muster.AlertSeverity(s)
	})
	with("long link", func(p *connector.PageMessage) { p.AckURL = "https://muster.example/p/" + strings.Repeat("x", 400) })
	with("foreign link", func(p *connector.PageMessage) { p.AckURL = "javascript:alert(1)" })
	with("digest", func(p *connector.PageMessage) {
		for i := range 12 {
			p.Digest = append(p.Digest, connector.DigestLine{Title: fmt.Sprintf("Alert %d of https://evil.example/\u202E", i), Service: "Storefront", Severity: muster.SeverityCritical})
		}
	})
	with("digest in UCS-2", func(p *connector.PageMessage) {
		p.Digest = make([]connector.DigestLine, 3)
		for i := range p.Digest {
			p.Digest[i] = connector.DigestLine{Title: strings.Repeat("ошибка ", 30), Service: "Магазин", Severity: muster.SeverityCritical}
		}
	})
	add("note", phone.NoteText(&connector.Notification{Title: "You are on call from 09:00", Text: "Storefront, primary.", URL: "https://muster.example/oncall?roster=web"}))
	add("long note", phone.NoteText(&connector.Notification{Title: strings.Repeat("long ", 100), Text: strings.Repeat("Ж", 9000), URL: "https://muster.example/x"}))
	return names, out
}

// TestTexts holds the texts against testdata/texts.golden, and each against what must hold of all.
func TestTexts(t *testing.T) {
	names, out := texts()
	var b strings.Builder
	for _, name := range names {
		n, gsm := phone.Segments(out[name])
		alphabet := "UCS-2"
		if gsm {
			alphabet = "GSM"
		}
		fmt.Fprintf(&b, "== %s (%d in %s)\n%s\n", name, n, alphabet, out[name])
		if n > phone.MaxSegments {
			t.Errorf("%s takes %d parts", name, n)
		}
		if strings.Contains(out[name], "evil.example/") || strings.Contains(out[name], "www.") {
			t.Errorf("%s: a link of others:\n%s", name, out[name])
		}
		if !strings.Contains(name, "note") && !strings.Contains(name, "code") && !strings.Contains(out[name], "4 12345 to acknowledge") {
			t.Errorf("%s: it does not say how to answer:\n%s", name, out[name])
		}
	}
	const file = "testdata/texts.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the texts differ from %s (look, then -update):\n%s", file, b.String())
	}
}
