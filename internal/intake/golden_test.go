package intake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/contracts"
	"github.com/muster-oncall/muster/internal/intake"
	"github.com/muster-oncall/muster/internal/intake/alertmanager"
	"github.com/muster-oncall/muster/internal/intake/amv2"
	"github.com/muster-oncall/muster/internal/intake/azuremonitor"
	"github.com/muster-oncall/muster/internal/intake/email"
	"github.com/muster-oncall/muster/internal/intake/generic"
)

var update = flag.Bool("update", false, "write the golden files anew")

func parsers() map[string]intake.Parser {
	return map[string]intake.Parser{
		"azuremonitor": azuremonitor.Parse, "alertmanager": alertmanager.Parse, "amv2": amv2.Parse, "generic": generic.Parse,
	}
}

var receipt = muster.At(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))

// TestGolden reads <format>/testdata/*.golden. A file has the source document and the body as they are put in, and the
// signals and the error that come out, so that a reader sees the whole case on one page. A body of one line "contract
// NAME" stands for a vendor's own example.
func TestGolden(t *testing.T) {
	all := parsers()
	all["email"] = email.Parse // which is no JSON, so what JSON refuses is none of its business
	for format, parse := range all {
		files, err := filepath.Glob(filepath.Join(format, "testdata", "*.golden"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no golden files (%v)", format, err)
		}
		for _, file := range files {
			t.Run(format+"/"+strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) { golden(t, file, parse) })
		}
	}
}

const (
	partSource  = "== source\n"
	partBody    = "== body\n"
	partSignals = "== signals\n"
	partError   = "== error\n"
)

func golden(t *testing.T, file string, parse intake.Parser) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(raw), partSource)
	source, rest, ok2 := strings.Cut(rest, partBody)
	body, _, _ := strings.Cut(rest, partSignals)
	if !ok1 || !ok2 {
		t.Fatalf("%s needs the parts source and body", file)
	}
	var src muster.Source
	if err := json.Unmarshal([]byte(source), &src); err != nil {
		t.Fatalf("the source: %v", err)
	}
	if f := src.Check(); len(f) > 0 {
		t.Fatalf("the source: %v", f)
	}
	in := []byte(body)
	if name, ok := strings.CutPrefix(strings.TrimSpace(body), "contract "); ok {
		if in, err = contracts.FS.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	signals, perr := parse(&src, in, receipt)
	for _, s := range signals {
		whole(t, s)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(signals); err != nil {
		t.Fatal(err)
	}
	told := ""
	if perr != nil {
		told = string(muster.CodeOf(perr)) + ": " + perr.Error() + "\n"
	}
	got := head + partSource + source + partBody + body + partSignals + out.String() + partError + told
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(raw) {
		t.Errorf("%s differs; run with -update and read the diff. Got:\n%s", file, got)
	}
}

// whole checks what every signal must have, whatever came in.
func whole(t *testing.T, s muster.Signal) {
	t.Helper()
	switch {
	case s.Title == "" || muster.CleanLine(s.Title, intake.MaxTitle+1) != s.Title:
		t.Errorf("the title %q is not one clean line", s.Title)
	case s.State != muster.SignalFiring && s.State != muster.SignalResolved:
		t.Errorf("%q is not a state", s.State)
	case s.Impact == "" || s.Action == "" || s.Severity == "" || s.DetectedBy == "":
		t.Errorf("something is empty: impact %q, action %q, severity %q, detected by %q", s.Impact, s.Action, s.Severity, s.DetectedBy)
	case s.DetectedAt.IsZero() || s.DetectedAt.Sub(receipt.Time).Abs() > 24*time.Hour:
		t.Errorf("detected at %v is not to be believed", s.DetectedAt)
	case len(s.Labels) > intake.MaxLabels || len(s.Links) > intake.MaxLinks:
		t.Errorf("%d labels, %d links", len(s.Labels), len(s.Links))
	case s.Service != "" && muster.CheckName(string(s.Service)) != nil:
		t.Errorf("%q is not the name of a service", s.Service)
	case len(s.Key) > intake.MaxKey:
		t.Errorf("the key has %d bytes", len(s.Key))
	}
	for k, v := range s.Labels {
		if !intake.LabelKept(k, v) || v == "" {
			t.Errorf("label %q=%q is not clean", k, v)
		}
	}
	for _, l := range s.Links {
		if muster.SafeURL(l.URL) == "" || l.Title == "" {
			t.Errorf("link %v is not safe", l)
		}
	}
}

// TestBadInput is what every JSON format refuses, with the code that becomes the status.
func TestBadInput(t *testing.T) {
	src := &muster.Source{Name: "s", Title: "S"}
	for format, parse := range parsers() {
		for name, c := range map[string]struct {
			body string
			code muster.Code
		}{
			"empty":          {"", muster.ErrUnreadable},
			"not JSON":       {"title=x", muster.ErrUnreadable},
			"cut off":        {`{"a":`, muster.ErrUnreadable},
			"two values":     {`{} {}`, muster.ErrUnreadable},
			"duplicate":      {`{"a":1,"a":2}`, muster.ErrUnreadable},
			"deep duplicate": {`{"data":{"x":[{"severity":"Sev4","severity":"Sev0"}]}}`, muster.ErrUnreadable},
			"escaped twin":   {`{"title":"a","t\u0069tle":"b"}`, muster.ErrUnreadable},
			"too deep":       {strings.Repeat("[", 33) + strings.Repeat("]", 33), muster.ErrUnreadable},
			"far too deep":   {strings.Repeat(`{"a":`, 100_000), muster.ErrUnreadable},
			"not UTF-8":      {"{\"title\":\"\xff\"}", muster.ErrUnreadable},
			"number":         {`42`, muster.ErrInvalid},
			"null":           {`null`, muster.ErrInvalid},
			"list of junk":   {`[1,null,true]`, muster.ErrInvalid},
			"many":           {`[` + strings.TrimSuffix(strings.Repeat(`{"labels":{"alertname":"a"}},`, intake.MaxSignals+1), ",") + `]`, muster.ErrTooLarge},
		} {
			t.Run(format+"/"+name, func(t *testing.T) {
				signals, err := parse(src, []byte(c.body), receipt)
				want := c.code
				if want == muster.ErrTooLarge && format != "amv2" && format != "generic" {
					want = muster.ErrInvalid // a list is not what these formats are made of
				}
				if got := muster.CodeOf(err); got != want {
					t.Fatalf("code %q, want %q: %v, %v", got, want, err, signals)
				}
				var e *muster.Error
				if !errors.As(err, &e) || e.Message == "" || len(signals) > 0 {
					t.Fatalf("%v with %d signals", err, len(signals))
				}
			})
		}
	}
}
