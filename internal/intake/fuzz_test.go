package intake_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/contracts"
	"github.com/muster-oncall/muster/internal/intake"
	"github.com/muster-oncall/muster/internal/intake/alertmanager"
	"github.com/muster-oncall/muster/internal/intake/amv2"
	"github.com/muster-oncall/muster/internal/intake/azuremonitor"
	"github.com/muster-oncall/muster/internal/intake/email"
	"github.com/muster-oncall/muster/internal/intake/generic"
)

// fuzz holds for each parser: it does not panic, each signal is whole, an error is one for users, and the same bytes
// give the same answer.
func fuzz(f *testing.F, format string, src *muster.Source, parse intake.Parser) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(format, "testdata", "*.golden"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(raw), partBody)
		body, _, _ := strings.Cut(rest, partSignals)
		if name, ok := strings.CutPrefix(strings.TrimSpace(body), "contract "); ok {
			b, err := contracts.FS.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			body = string(b)
		}
		f.Add([]byte(body))
	}
	f.Add([]byte(`[{"labels":{"alertname":"\ud83d\u202e"}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		signals, err := parse(src, body, receipt)
		for _, s := range signals {
			whole(t, s)
		}
		if err != nil && muster.CodeOf(err) == muster.ErrInternal {
			t.Errorf("an error that users cannot read: %v", err)
		}
		if !json.Valid(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))) && muster.CodeOf(err) != muster.ErrUnreadable {
			t.Errorf("what is not JSON must be told as such: %v", err)
		}
		again, err2 := parse(src, body, receipt)
		a, _ := json.Marshal(signals)
		b, _ := json.Marshal(again)
		if string(a) != string(b) || (err == nil) != (err2 == nil) {
			t.Errorf("two answers for the same bytes:\n%s\n%s", a, b)
		}
	})
}

func FuzzAzureMonitor(f *testing.F) {
	fuzz(f, "azuremonitor", &muster.Source{Name: "azure", Title: "Azure Monitor"}, azuremonitor.Parse)
}

func FuzzAlertmanager(f *testing.F) {
	fuzz(f, "alertmanager", &muster.Source{Name: "am", Title: "Alertmanager"}, alertmanager.Parse)
}

func FuzzAlertmanagerAPI(f *testing.F) {
	fuzz(f, "amv2", &muster.Source{Name: "prom", Title: "Prometheus"}, amv2.Parse)
}

func FuzzGeneric(f *testing.F) {
	fuzz(f, "generic", &muster.Source{Name: "any", Title: "Anything"}, generic.Parse)
}

// FuzzEmail has whatever comes as a mail make one signal that is whole, or none with a reason.
func FuzzEmail(f *testing.F) {
	src := &muster.Source{Name: "mail", Title: "Mail", Mapping: &muster.Mapping{
		Severity: "subject", Severities: map[string]muster.AlertSeverity{"down": muster.SeverityCritical}, Labels: map[string]string{"all": "headers", "list": "headers.list-id"},
	}}
	files, err := filepath.Glob(filepath.Join("email", "testdata", "*.golden"))
	if err != nil || len(files) == 0 {
		f.Fatal("there are no golden files", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(raw), partBody)
		body, _, _ := strings.Cut(rest, partSignals)
		f.Add([]byte(body))
	}
	f.Add([]byte("Subject: =?x?b?!!?=\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Transfer-Encoding: base64\n\n////\n--a"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := email.Parse(src, body, receipt)
		if (err == nil) != (len(got) == 1) {
			t.Fatalf("%d signals and %v", len(got), err)
		}
		for _, s := range got {
			whole(t, s)
		}
	})
}

func FuzzGenericMapped(f *testing.F) {
	src := &muster.Source{Name: "any", Title: "Anything", Mapping: &muster.Mapping{
		Items: "data.items", Title: "name", Key: "id", Summary: "$.data.text", Impact: `"Orders fail"`, State: "tags[0]", At: "at",
		Severity: "sev", Severities: map[string]muster.AlertSeverity{"1": muster.SeverityCritical}, Link: "links",
		Labels: map[string]string{"host": "host.name", "tags": "tags"},
	}}
	fuzz(f, "generic", src, generic.Parse)
}

// FuzzReadJSON compares the reader with the standard library's: what it accepts is JSON, and what it refuses is none, or
// has duplicate keys, is too deep or not UTF-8.
func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{`{}`, `[1,-0,1.5e+10,"\u00e9\n\ud83d\ude00"]`, `{"a":{"b":[null,true,false]}}`, `"\ud800"`, ` 01`, `{"a":1,}`, "\xef\xbb\xbf{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := intake.ReadJSON(body)
		plain := body
		if strings.HasPrefix(string(plain), "\xef\xbb\xbf") {
			plain = plain[3:]
		}
		if err == nil {
			if !json.Valid(plain) {
				t.Fatalf("%q is not JSON", body)
			}
			same(t, v, plain)
			return
		}
		if json.Valid(plain) && !strings.Contains(err.Error(), "twice") && !strings.Contains(err.Error(), "deeper") && !strings.Contains(err.Error(), "UTF-8") {
			t.Fatalf("%q is JSON: %v", body, err)
		}
	})
}

// same compares the strings of v with those that the standard library reads.
func same(t *testing.T, v intake.Value, body []byte) {
	t.Helper()
	switch v.Type {
	case intake.String:
		var s string
		if err := json.Unmarshal(body, &s); err != nil || s != v.Text() {
			t.Fatalf("%q was read as %q, not %q (%v)", body, v.Text(), s, err)
		}
	case intake.Object:
		var m map[string]json.RawMessage
		if err := json.Unmarshal(body, &m); err != nil || len(m) != len(v.Fields()) {
			t.Fatalf("%q has %d keys, not %d (%v)", body, len(v.Fields()), len(m), err)
		}
		for _, e := range v.Fields() {
			same(t, e.Value, m[e.Name])
		}
	case intake.Array:
		var l []json.RawMessage
		if err := json.Unmarshal(body, &l); err != nil || len(l) != len(v.List()) {
			t.Fatalf("%q has %d elements, not %d (%v)", body, len(v.List()), len(l), err)
		}
		for i, e := range v.List() {
			same(t, e, l[i])
		}
	case intake.Absent, intake.Null, intake.Bool, intake.Number:
	}
}
