package phone_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/phone"
)

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"+49 (0)151 1234-5678": "+4915112345678", "0049 151 12345678": "+4915112345678", " +1 (555) 010-0142 ": "+15550100142",
		"+٤٩١٥١١٢٣٤٥٦٧٨": "+4915112345678", "\u202a+4915112345678\u202c": "+4915112345678", "+4915112345678": "+4915112345678",
	} {
		if got := phone.Tidy(in); got != want || phone.Check(got) != nil {
			t.Errorf("%q: %q, %v", in, got, phone.Check(got))
		}
	}
	for _, bad := range []string{"", "+", "4915112345678", "+0151123456", "+1234567", "+1234567890123456", "+49151x2345678", "+49 15112345678", "ana", "+４９15112345678"} {
		if phone.Check(bad) == nil {
			t.Errorf("%q goes through", bad)
		}
	}
	for number, want := range map[string]string{"+15550100142": "+1", "+79161234567": "+7", "+4915112345678": "+49", "+353871234567": "+353", "x": ""} {
		if got := phone.Country(number); got != want {
			t.Errorf("%s: %q", number, got)
		}
	}
}

func TestPrefixes(t *testing.T) {
	p, err := phone.ParsePrefixes("", "+4915112345678")
	if err != nil || p.Check("+4917099999999", "sms") != nil {
		t.Fatal(p, err)
	}
	err = p.Check("+18765550142", "sms")
	if err == nil || !strings.Contains(err.Error(), `countries of the connector "sms"`) || !strings.Contains(err.Error(), "+49") {
		t.Error(err)
	}
	p, err = phone.ParsePrefixes("+49, +43;+1555", "MG")
	if err != nil || p.Check("+431234567890", "") != nil || p.Check("+15550100142", "") != nil || p.Check("+14440100142", "") == nil {
		t.Error(p, err)
	}
	for _, bad := range []string{"", "49", "+", "+0", "+4x"} {
		if p, err := phone.ParsePrefixes(bad, "MG"); err == nil {
			t.Errorf("%q: %v", bad, p)
		}
	}
}

// TestSegments holds the limits that GSM 03.38 and 03.40 give.
func TestSegments(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		gsm  bool
	}{
		{"", 1, true},
		{strings.Repeat("a", 160), 1, true},
		{strings.Repeat("a", 161), 2, true},
		{strings.Repeat("a", 306), 2, true},
		{strings.Repeat("a", 307), 3, true},
		{strings.Repeat("a", 459), 3, true},
		{strings.Repeat("a", 460), 4, true},
		{strings.Repeat("€", 80), 1, true},
		{strings.Repeat("€", 81), 2, true},
		{strings.Repeat("€", 152), 2, true},
		{strings.Repeat("€", 153), 3, true}, // 76 of them in a part: one place stays empty
		{strings.Repeat("ж", 70), 1, false},
		{strings.Repeat("ж", 71), 2, false},
		{strings.Repeat("ж", 134), 2, false},
		{strings.Repeat("ж", 135), 3, false},
		{strings.Repeat("🔥", 35), 1, false},
		{strings.Repeat("🔥", 36), 2, false},
		{strings.Repeat("🔥", 66), 2, false},
		{strings.Repeat("🔥", 67), 3, false},
		{"Ärger über Größe\n", 1, true},
		{"ç", 1, false},
	} {
		if n, gsm := phone.Segments(c.text); n != c.n || gsm != c.gsm {
			t.Errorf("%d × %.4q: %d parts, GSM %v", utf8.RuneCountInString(c.text), c.text, n, gsm)
		}
	}
}

func TestParseReply(t *testing.T) {
	ack, res, unclear := connector.AnswerAcknowledge, connector.AnswerResolve, connector.AnswerUnclear
	for _, c := range []struct {
		text, code string
		kind       connector.AnswerKind
	}{
		{"4 12345", "12345", ack},
		{"4-12345", "12345", ack},
		{"412345", "12345", ack},
		{" 4  12345. ", "12345", ack},
		{"4 123 45", "12345", ack},
		{"ack 12345", "12345", ack},
		{"ACK12345", "12345", ack},
		{"Acknowledge: 12345!", "12345", ack},
		{"12345 ack", "12345", ack},
		{"4 12345 ack", "12345", ack},
		{"６ １２３４５", "12345", res},
		{"٦ ١٢٣٤٥", "12345", res},
		{"ｒｅｓｏｌｖｅ 12345", "12345", res},
		{"6\n12345", "12345", res},
		{"\u200e6 12345\u200e", "12345", res},
		{"escalate 12345", "12345", connector.AnswerEscalate},
		{"12345", "12345", unclear},
		{"4", "", unclear},
		{"ok", "", unclear},
		{"", "", unclear},
		{"5 12345", "", unclear},
		{"4 1234", "", unclear},
		{"4 123456", "", unclear},
		{"do not ack 12345", "12345", unclear},
		{"6 12345 ack", "", unclear},
		{"4 12345 6 54321", "", unclear},
		{"STOP", "", unclear},
		{"Reply 4 12345 to acknowledge, 6 12345 to resolve", "", unclear},
		{"I am driving. 12345", "12345", unclear},
		{"4 12345" + strings.Repeat(" ", 300), "", unclear},
		{"4 1234\xff5", "12345", ack},
		{"a\u0301ck 12345", "12345", ack},
		{"аck 12345", "12345", unclear}, // the last with a Cyrillic а
	} {
		if kind, code := phone.ParseReply(c.text); kind != c.kind || code != c.code {
			t.Errorf("%q: %s %q, want %s %q", c.text, kind, code, c.kind, c.code)
		}
	}
}

func FuzzParseReply(f *testing.F) {
	for _, s := range []string{"4 12345", "412345", "ack 12345", "٤ ١٢٣٤٥", "\xff4 12345", "4 12345 6 12345", "𝟒 𝟏𝟐𝟑𝟒𝟓", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kind, code := phone.ParseReply(s)
		if code != "" && (len(code) != 5 || strings.Trim(code, "0123456789") != "") {
			t.Errorf("%q: the code %q", s, code)
		}
		if kind != connector.AnswerUnclear && code == "" {
			t.Errorf("%q: %s without a code", s, kind)
		}
		again, same := phone.ParseReply(strings.ToUpper(s))
		if utf8.ValidString(s) && isASCII(s) && (again != kind || same != code) {
			t.Errorf("%q in capitals: %s %q, not %s %q", s, again, same, kind, code)
		}
	})
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0 }

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"a https://evil.example/x b", "www.evil.example", "evil.example/x", "\u202Egnp.exe", "a\r\nb", "👩‍👩‍👧‍👦", "\xff", strings.Repeat("é", 3000)} {
		f.Add(s, 40)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = max(min(n, 500), 0)
		got := phone.Plain(s, n)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > n || strings.Contains(got, "://") {
			t.Errorf("%q: %q", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Errorf("%q lets %U through", s, r)
			}
		}
	})
}

func TestQuota(t *testing.T) {
	var log bytes.Buffer
	q := phone.NewQuota("sms", 10, slog.New(slog.NewTextHandler(&log, nil)))
	day := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	for i := range 8 {
		if err := q.Take(day, i%2 == 0); err != nil {
			t.Fatal(i, err)
		}
	}
	if !strings.Contains(log.String(), "four fifths") {
		t.Error("it does not warn")
	}
	err := q.Take(day, false)
	if err == nil || !strings.Contains(err.Error(), "raise its setting daily_limit") {
		t.Error(err)
	}
	for range 2 {
		if err := q.Take(day, true); err != nil {
			t.Error("the last fifth is for high urgency:", err)
		}
	}
	if err := q.Take(day, true); err == nil || !strings.Contains(log.String(), "nobody is reached") {
		t.Error(err, log.String())
	}
	q.Give()
	if err := q.Take(day, true); err != nil {
		t.Error(err)
	}
	if err := q.Take(day.Add(24*time.Hour), false); err != nil {
		t.Error("a new day begins anew:", err)
	}
	if _, err := phone.ParseDaily("0"); err == nil {
		t.Error("no limit at all goes through")
	}
}

func TestVCard(t *testing.T) {
	got := string(phone.VCard("Muster, of Tailwind; Traders", []string{"+4915112345678", "MG123", "+15550100142", "+15550100142"}))
	want := "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Muster\\, of Tailwind\\; Traders;;;;\r\nFN:Muster\\, of Tailwind\\; Traders\r\n" +
		"TEL;TYPE=WORK,VOICE:+15550100142\r\nTEL;TYPE=WORK,VOICE:+4915112345678\r\n" +
		"NOTE:Calls and texts from Muster about alerts. Allow this contact to sound while the phone is silent.\r\nEND:VCARD\r\n"
	if got != want {
		t.Errorf("%s", got)
	}
	if phone.VCard("x", []string{"MG123"}) != nil {
		t.Error("a card without a number")
	}
	if strings.Contains(string(phone.VCard("a\r\nTEL:+666", []string{"+15550100142"})), "\nTEL:") {
		t.Error("a name becomes a line")
	}
}

func TestRepetitionIsTheSame(t *testing.T) {
	p := page()
	if a, b := phone.PageText(&p), phone.PageText(&p); a != b {
		t.Error(a, b)
	}
}
