package route

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-oncall/muster"
)

var monday = muster.At(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))

func shop(extra ...muster.Document) *muster.Catalog {
	docs := []muster.Document{
		&muster.User{Name: "ana", Display: "Ana Rossi", Zone: "UTC"},
		&muster.Team{Name: "web", Title: "Web"},
		&muster.Policy{Name: "web-urgent", Title: "Web", Team: "web", Steps: []muster.Step{{Targets: []muster.Target{{User: "ana"}}}}},
		&muster.Policy{Name: "everybody", Title: "All", Team: "web", Steps: []muster.Step{{Targets: []muster.Target{{User: "ana"}}}}},
		&muster.Service{Name: "storefront", Title: "Storefront", Team: "web", Policy: "web-urgent"},
		&muster.Source{Name: "azure", Title: "Azure Monitor"},
		&muster.Source{Name: "form", Title: "Form", Triage: true, DetectedBy: muster.DetectedByCustomer, Service: "storefront"},
		&muster.Route{Name: muster.DefaultRoute, Policy: "everybody"},
	}
	docs = append(docs, extra...)
	revs := map[string]muster.Revision{}
	for i, d := range docs {
		revs[muster.DocRef(d.DocKind(), d.DocName())] = muster.Revision(i + 1)
	}
	return muster.NewCatalog(muster.Revision(len(docs)), docs, revs)
}

func rules(tb testing.TB, extra ...muster.Document) *Rules {
	tb.Helper()
	r, wrong := Compile(shop(extra...))
	if len(wrong) > 0 {
		tb.Fatal(wrong)
	}
	return r
}

func told(d Decision) string {
	var b strings.Builder
	for _, r := range d.Reasons {
		b.WriteString(string(r.Kind) + ": " + r.Text + "\n")
	}
	return b.String()
}

func TestFirstRouteByOrderThenName(t *testing.T) {
	r := rules(t,
		&muster.Route{Name: "zeta", Order: 1, Match: `severity == "critical"`, Urgency: muster.UrgencyLow},
		&muster.Route{Name: "beta", Order: 2, Match: `true`},
		&muster.Route{Name: "alpha", Order: 2, Match: `labels.host.startsWith("web")`, Service: "storefront", Declare: true, Severity: muster.SEV1},
	)
	for _, c := range []struct {
		signal muster.Signal
		want   muster.RouteName
		policy muster.PolicyName
	}{
		{muster.Signal{Source: "azure", Severity: muster.SeverityCritical}, "zeta", "everybody"},
		{muster.Signal{Source: "azure", Severity: muster.SeverityMinor, Labels: map[string]string{"host": "web1"}}, "alpha", "web-urgent"},
		{muster.Signal{Source: "azure", Severity: muster.SeverityMinor}, "beta", "everybody"},
	} {
		d := r.Decide(&c.signal, monday)
		if d.Route != c.want || d.Policy != c.policy {
			t.Errorf("route %q, policy %q; want %q, %q\n%s", d.Route, d.Policy, c.want, c.policy, told(d))
		}
	}
	d := r.Decide(&muster.Signal{Source: "azure", Labels: map[string]string{"host": "web1"}}, monday)
	if !d.Declare || d.Severity != muster.SEV1 || d.Service != "storefront" || d.Urgency != muster.UrgencyHigh {
		t.Errorf("%+v", d)
	}
	d = r.Decide(&muster.Signal{Source: "azure"}, monday)
	if !strings.Contains(told(d), "Route alpha was passed over: its match asks for the label host, which the alert does not have.") {
		t.Errorf("the failing route is not told:\n%s", told(d))
	}
}

func TestDefaultRouteTakesTheRest(t *testing.T) {
	r := rules(t, &muster.Route{Name: "never", Match: `title == "x"`})
	d := r.Decide(&muster.Signal{Source: "nobody-knows"}, monday)
	if d.Route != muster.DefaultRoute || d.Policy != "everybody" || d.Urgency != muster.UrgencyHigh {
		t.Fatalf("%+v", d)
	}
	// Even a catalog without a default route decides, and says what is missing.
	bare, _ := Compile(muster.NewCatalog(1, nil, nil))
	if d := bare.Decide(&muster.Signal{}, monday); d.Policy != "" || !strings.Contains(told(d), "every admin is paged") {
		t.Fatalf("%+v", d)
	}
}

func TestServiceOfTheSignalMustExist(t *testing.T) {
	r := rules(t)
	if d := r.Decide(&muster.Signal{Source: "azure", Service: "storefront"}, monday); d.Service != "storefront" || d.Policy != "web-urgent" {
		t.Fatalf("the default route's policy comes after the service's: %+v", d)
	}
	d := r.Decide(&muster.Signal{Source: "azure", Service: "store-front"}, monday)
	if d.Service != "" || !strings.Contains(told(d), `There is no service called "store-front".`) {
		t.Fatalf("%q\n%s", d.Service, told(d))
	}
	if d := r.Decide(&muster.Signal{Source: "form"}, monday); d.Service != "storefront" {
		t.Fatalf("the source's service is not used: %+v", d)
	}
}

func TestTriageHoldsUnlessTheRouteSaysSo(t *testing.T) {
	r := rules(t, &muster.Route{Name: "customers", Match: `detected_by == "customer" && triage && title.contains("down")`, Triage: true})
	if d := r.Decide(&muster.Signal{Source: "form", Title: "slow"}, monday); !d.Triage || !d.Confirm {
		t.Fatalf("%+v", d)
	}
	if d := r.Decide(&muster.Signal{Source: "form", Title: "shop down"}, monday); d.Triage || !d.Confirm || d.Route != "customers" {
		t.Fatalf("%+v", d)
	}
}

func TestSilenceIsHalfOpenAndNamesItsOwner(t *testing.T) {
	r := rules(t, &muster.Silence{
		Name: "move", Match: `labels["host"] == "web1"`, From: monday, Until: monday.Plus(time.Hour), Owner: "ana", Why: "moving racks",
	})
	s := &muster.Signal{Source: "azure", Labels: map[string]string{"host": "web1"}}
	for at, want := range map[muster.Instant]bool{
		monday.Plus(-time.Microsecond): false, monday: true, monday.Plus(time.Hour - time.Microsecond): true, monday.Plus(time.Hour): false,
	} {
		if d := r.Decide(s, at); (d.Suppressed != nil) != want {
			t.Errorf("at %s suppressed is %v", at, d.Suppressed)
		}
	}
	d := r.Decide(s, monday)
	if d.Suppressed.By != "move" || !strings.Contains(told(d), "Silence move of Ana Rossi holds pages back until 2026-11-23 10:00 UTC: moving racks") {
		t.Fatal(told(d))
	}
}

func TestCostOverrunPassesOver(t *testing.T) {
	r := rules(t, &muster.Route{Name: "dear", Match: `labels.all(a, labels.all(b, summary.contains(labels[a] + labels[b])))`})
	labels := map[string]string{}
	for i := range 200 {
		labels[fmt.Sprint("l", i)] = "x"
	}
	d := r.Decide(&muster.Signal{Source: "azure", Summary: strings.Repeat("x", 60_000), Labels: labels}, monday)
	if d.Route != muster.DefaultRoute || !strings.Contains(told(d), "Route dear was passed over: its match takes too long") {
		t.Fatal(told(d))
	}
}

func TestCheckExprSaysWhatIsWrong(t *testing.T) {
	for expr, want := range map[string]string{
		`sevrity == "critical"`:         "sevrity is unknown; did you mean severity?",
		`host == "web1"`:                "labels are written labels.host",
		`severity == "critcal"`:         `severity is never "critcal"; did you mean "critical"?`,
		`severity in ["major", "huge"]`: `severity is never "huge"`,
		`title`:                         "must be true or false, but title gives text",
		`title == 4`:                    "== does not work with string and int",
		`severity == `:                  "cannot be read at column",
		``:                              "the match is empty",
		`title.matches("(")`:            "match",
		`now() > 3`:                     "now is not a function here",
		strings.Repeat("(", 3000) + "true" + strings.Repeat(")", 3000): "bytes",
		strings.Repeat("[", 1000) + strings.Repeat("]", 1000):          "",
	} {
		f := CheckExpr(expr)
		if len(f) == 0 || f[0].Path != "match" || !strings.Contains(f[0].String(), want) {
			t.Errorf("%.60s: %v; want %q", expr, f, want)
		}
	}
	for _, good := range []string{
		`true`, `severity == "critical" && source.startsWith("azure")`, `labels.exists(k, k == "team")`,
		`has(labels.host) && labels.host.matches("^web[0-9]+$")`, `"host" in labels`, `triage || detected_by == "customer"`,
	} {
		if f := CheckExpr(good); len(f) > 0 {
			t.Errorf("%s: %v", good, f)
		}
	}
}

func TestCompileNamesThePathAndKeepsTheRest(t *testing.T) {
	r, wrong := Compile(shop(
		&muster.Route{Name: "bad", Match: `tilte == "x"`}, &muster.Route{Name: "good", Match: `title == "x"`},
		&muster.Silence{Name: "worse", Match: `(`},
	))
	if len(wrong) < 2 || wrong[0].Path != "routes/bad.match" || wrong[len(wrong)-1].Path != "silences/worse.match" {
		t.Fatal(wrong)
	}
	if d := r.Decide(&muster.Signal{Title: "x"}, monday); d.Route != "good" {
		t.Fatal(told(d))
	}
}

func TestFingerprint(t *testing.T) {
	src := &muster.Source{Name: "azure", Fingerprint: []string{"host", "check"}}
	base := muster.Signal{Title: "t", Key: "k", Identity: []string{"v"}, Labels: map[string]string{"host": "a", "check": "cpu", "value": "93"}}
	same := base
	same.Labels = map[string]string{"host": "a", "check": "cpu", "value": "95"}
	same.Title, same.Key, same.Summary, same.Identity = "other", "other", "93 %", nil
	a, why := FingerprintOf(&base, src)
	b, _ := FingerprintOf(&same, src)
	if a != b || len(a) != 32 || why[0].Kind != muster.ReasonFingerprint || !strings.Contains(why[0].Text, "check, host") {
		t.Fatalf("%s %s %v", a, b, why)
	}
	// A signal without any of the source's labels is identified by the format.
	bare := muster.Signal{Identity: []string{"x"}}
	c, why := FingerprintOf(&bare, src)
	if d, _ := FingerprintOf(&muster.Signal{Identity: []string{"y"}}, src); c == d || why[0].Facts["by"] != "format" {
		t.Fatal("identities are not told apart", why)
	}
	// Summary never takes part; title and labels do when there is no key.
	one := muster.Signal{Title: "disk", Summary: "1", Labels: map[string]string{"a": "b"}}
	two := one
	two.Summary = "2"
	f1, _ := FingerprintOf(&one, nil)
	f2, _ := FingerprintOf(&two, nil)
	two.Labels = map[string]string{"a": "c"}
	f3, _ := FingerprintOf(&two, nil)
	if f1 != f2 || f1 == f3 {
		t.Fatal("the summary decides, or the labels do not")
	}
}

func TestDigestNeverRunsPartsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[ab\x00]{0,3}`), 0, 4)
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		equal := fmt.Sprintf("%q", a) == fmt.Sprintf("%q", b)
		if (digest("x", a...) == digest("x", b...)) != equal {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func TestDecideIsSafeForConcurrentUse(t *testing.T) {
	r := rules(t, &muster.Route{Name: "web", Match: `labels.host == "web1"`})
	done := make(chan muster.RouteName, 8)
	for i := range 8 {
		go func() {
			s := &muster.Signal{Source: "azure", Labels: map[string]string{"host": fmt.Sprint("web", i%2)}}
			var last muster.RouteName
			for range 200 {
				last = r.Decide(s, monday).Route
			}
			done <- last
		}()
	}
	count := map[muster.RouteName]int{}
	for range 8 {
		count[<-done]++
	}
	if count["web"] != 4 || count[muster.DefaultRoute] != 4 {
		t.Fatal(count)
	}
}

func BenchmarkDecide(b *testing.B) {
	var docs []muster.Document
	for i := range 20 {
		docs = append(docs, &muster.Route{
			Name: muster.RouteName(fmt.Sprint("r", i)), Order: i,
			Match: fmt.Sprintf(`source == "azure" && severity in ["critical", "major"] && "host" in labels && labels.host.startsWith("db%d")`, i),
		})
	}
	docs = append(docs, &muster.Silence{Name: "s", Match: `labels.host == "z"`, From: monday, Until: monday.Plus(time.Hour), Owner: "ana"})
	r := rules(b, docs...)
	s := &muster.Signal{Source: "azure", Title: "CPU", Severity: muster.SeverityCritical, Labels: map[string]string{"host": "web1", "region": "eu", "check": "cpu"}}
	b.ReportAllocs()
	for b.Loop() {
		r.Decide(s, monday)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	s := &muster.Signal{Source: "azure", Title: "CPU", Labels: map[string]string{"host": "web1", "region": "eu", "check": "cpu"}}
	b.ReportAllocs()
	for b.Loop() {
		FingerprintOf(s, nil)
	}
}

func FuzzCheckExpr(f *testing.F) {
	for _, s := range []string{`severity == "critical"`, `labels.a in ["b"]`, `((`, `labels.all(k, k == labels[k])`, `title.matches("(a+)+$")`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		c := shop(&muster.Route{Name: "fuzz", Match: expr})
		r, wrong := Compile(c)
		if len(wrong) == 0 {
			r.Decide(&muster.Signal{Source: "azure", Title: "t", Labels: map[string]string{"a": "b"}}, monday)
		}
	})
}

// What a repetition is recognised by is what its first signal was identified by.
func TestFingerprintIsThatOfFingerprintOf(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"a": "1", "b": "2"}
	bySource := &muster.Source{Name: "s", Fingerprint: []string{"b", "none"}}
	for _, s := range []muster.Signal{
		{Title: "t"}, {Title: "t", Labels: labels}, {Key: "k", Labels: labels}, {Identity: []string{"a"}, Labels: labels}, {Identity: []string{"x", "a"}, Labels: labels},
	} {
		for _, src := range []*muster.Source{nil, {Name: "s"}, bySource} {
			want, why := FingerprintOf(&s, src)
			if got := Fingerprint(&s, src); got != want || got == "" || len(why) != 1 {
				t.Errorf("%+v, %+v: %q, not %q, because %v", s, src, got, want, why)
			}
		}
	}
}
