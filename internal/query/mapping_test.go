package query_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/intake/email"
	"github.com/muster-oncall/muster/internal/intake/generic"
	"github.com/muster-oncall/muster/internal/query"
)

// parse reads what sources send, as the application does.
func parse(format string, src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error) {
	switch format {
	case "generic":
		return generic.Parse(src, body, received)
	case "email":
		return email.Parse(src, body, received)
	}
	return nil, muster.Errorf(muster.ErrNotFound, "there is no format called %q", format)
}

const probes = "kind: source\nname: monitor\ntitle: The monitor\nteam: storefront\nservice: cart\n"

// mapped is the source's document with fields of a mapping.
func mapped(fields string) string { return probes + "mapping: {" + fields + "}\n" }

func TestTryMapping(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		try := func(in query.TryMapping) query.Trial {
			t.Helper()
			in.Source = "monitor"
			return got[query.Trial](t)(query.Run[query.TryMapping, query.Trial](w.Context(), w.q, "TryMapping", tom(), in))
		}
		refused := func(code muster.Code, who muster.Actor, in query.TryMapping) {
			t.Helper()
			if _, err := query.Run[query.TryMapping, query.Trial](w.Context(), w.q, "TryMapping", who, in); muster.CodeOf(err) != code {
				t.Errorf("%+v gave %v, want %s", in, err, code)
			}
		}
		body := `{"region":"eu","results":[{"id":"c7","name":"Search is slow","level":"red"},{"id":"c8","name":"Cart is slow","level":"odd"}]}`
		refused(muster.ErrForbidden, vic(), query.TryMapping{Source: "monitor", Payload: body})
		refused(muster.ErrNotFound, tom(), query.TryMapping{Source: "monitro", Payload: body})
		refused(muster.ErrNotFound, tom(), query.TryMapping{Source: "monitor"}) // it has sent nothing yet
		refused(muster.ErrInvalid, tom(), query.TryMapping{Source: "monitor", Payload: body, Format: "morse"})
		refused(muster.ErrInvalid, tom(), query.TryMapping{Source: "monitor", Payload: body, Document: strings.ReplaceAll(probes, "monitor", "other")})
		refused(muster.ErrInvalid, tom(), query.TryMapping{Source: "monitor", Payload: body, Document: mapped(`title: '"open'`)})
		refused(muster.ErrTooLarge, tom(), query.TryMapping{Source: "monitor", Payload: strings.Repeat("x", 1<<20+1)})

		// without a mapping the whole is one signal
		if out := try(query.TryMapping{Payload: body}); len(out.Signals) != 1 || !strings.Contains(out.Signals[0].Signal.Title, "without a title") || out.Signals[0].Outcome != muster.OutcomeOpened {
			t.Errorf("without a mapping: %s", asJSON(t, out))
		}
		doc := mapped(`items: results, title: name, key: id, severity: level, severities: {red: critical}, labels: {region: $.region, host: host}, link: url`)
		out := try(query.TryMapping{Payload: body, Document: doc})
		if len(out.Signals) != 2 || out.Problem != "" || out.Signals[0].Signal.Severity != muster.SeverityCritical || out.Signals[0].Signal.Labels["region"] != "eu" {
			t.Fatalf("mapped: %s", asJSON(t, out))
		}
		var wrong []string
		for _, f := range out.Wrong {
			wrong = append(wrong, f.Path+" "+f.Message)
		}
		said := strings.Join(wrong, "\n")
		for _, want := range []string{"mapping.link finds nothing at url", "mapping.labels.host finds nothing at host", "mapping.severities the word at level is none that is known in 1 of 2"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is missing in\n%s", want, said)
			}
		}
		if strings.Contains(said, "region") || len(out.Wrong) != 3 {
			t.Errorf("wrong are\n%s", said)
		}
		one := out.Signals[0]
		if one.Service != "cart" || one.Route != "default" || one.Policy != "storefront" || one.Why == nil || len(one.Why.People) == 0 || one.Why.People[0].Name != "Noor" {
			t.Errorf("it would page %s", asJSON(t, one))
		}
		if n := got[*query.Now](t)(w.q.Now(w.Context(), view())); n.Received || len(n.Unowned) != 0 {
			t.Errorf("trying wrote something: %+v", n)
		}

		// what is open is joined and ended; in one request, too
		open := w.receives(`{"title":"Orders","id":"o1"}`)
		list := got[muster.Listing[query.Payload]](t)(query.Run[query.ListPayloads, muster.Listing[query.Payload]](w.Context(), w.q, "ListPayloads", tom(), query.ListPayloads{Source: "monitor"}))
		if len(list.Items) != 1 || list.Items[0].Title != "Orders" {
			t.Fatalf("what came: %+v", list)
		}
		if out := try(query.TryMapping{}); out.Signal != list.Items[0].Signal || len(out.Signals) != 1 || out.Signals[0].Outcome != muster.OutcomeAppended || out.Signals[0].Alert != open || out.Signals[0].Why == nil {
			t.Errorf("the newest: %s", asJSON(t, out))
		}
		var seen []string
		for _, s := range try(query.TryMapping{Payload: `[{"title":"Orders","id":"o1","state":"ok"},{"title":"Orders","id":"o1","state":"ok"},{"title":"New","id":"n"},{"title":"New","id":"n"},{"title":"New","id":"n","state":"ok"},{"title":"New","id":"n"}]`}).Signals {
			seen = append(seen, string(s.Outcome))
		}
		if text := strings.Join(seen, " "); text != "resolved rejected opened appended resolved opened" {
			t.Errorf("one after the other: %s", text)
		}
		if out := try(query.TryMapping{Payload: `{"title":"Odd","id":"odd"}`, Document: probes + "triage: true\n"}); out.Signals[0].Outcome != muster.OutcomeTriage {
			t.Errorf("in triage: %s", asJSON(t, out))
		}
	})
}

func TestTryWhatIsHostile(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, body := range []string{
			"\x00", "\xff\xfe", "[", strings.Repeat("[", 5000), `{"a":1,"a":1}`, `"` + strings.Repeat("x", 1<<19) + `"`, "[]", "[1,2]", "null",
			`{"title":"<script>alert(1)</script>` + "\u202e" + `","labels":{"a":"` + strings.Repeat("y", 9000) + `"},"url":"javascript:alert(1)"}`,
			`[` + strings.Repeat(`{"title":"t"},`, 900) + `{"title":"t"}]`,
		} {
			for _, format := range []string{"generic", "email"} {
				out, err := w.q.TryMapping(w.Context(), tom(), query.TryMapping{Source: "monitor", Payload: body, Format: format})
				if err != nil {
					t.Errorf("%q: %v", muster.Clip(body, 40), err)
				}
				if len(out.Payload) > 70<<10 || strings.ContainsAny(out.Payload, "\x00\u202e") || len(out.Signals) > 10 {
					t.Errorf("%q is shown as %q", muster.Clip(body, 40), muster.Clip(out.Payload, 80))
				}
			}
		}
		key := "msi_" + strings.Repeat("0a", 20)
		mail := "To: " + key + "@muster.example\r\nAuthorization: Bearer abc.def\r\nSubject: Down\r\n\r\n{\"password\": \"hunter\\\"2\", \"api_key\":\"k1\", \"host\":\"db1\"}\r\n"
		out, err := w.q.TryMapping(w.Context(), tom(), query.TryMapping{Source: "monitor", Payload: mail, Format: "email"})
		if err != nil || len(out.Signals) != 1 || !strings.Contains(out.Payload, "db1") {
			t.Fatalf("%+v, %v", out, err)
		}
		for _, secret := range []string{key, "abc.def", "hunter", "k1"} {
			if strings.Contains(out.Payload, secret) {
				t.Errorf("%s is shown: %s", secret, out.Payload)
			}
		}
	})
}

// A mapping of one's own must not say what the payload hides.
func TestADraftShowsNothingSecret(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		secrets := []string{"HIDDEN1", "HIDDEN2", "HIDDEN3", "44444", "HIDDEN5", "HIDDEN6", "HIDDEN7"}
		w.receives(`{"title":"y","id":"s1","password":"HIDDEN1","private_key":"HIDDEN2","secretKey":"HIDDEN3","token":44444,"tokens":["HIDDEN5"],` +
			`"see":"https://u:HIDDEN6@db1/?token=HIDDEN7"}`)
		for _, doc := range []string{"", mapped("title: password, key: id, link: see, labels: {a: private_key, b: secretKey, c: token, d: tokens}")} {
			out, err := w.q.TryMapping(w.Context(), tom(), query.TryMapping{Source: "monitor", Document: doc})
			if err != nil || len(out.Signals) != 1 || !strings.Contains(out.Payload, "db1") {
				t.Fatalf("%s, %v", asJSON(t, out), err)
			}
			for _, secret := range secrets {
				if text := asJSON(t, out); strings.Contains(text, secret) {
					t.Errorf("with %q %s is shown: %s", doc, secret, text)
				}
			}
		}
	})
}

func TestRejectedSignalsAreListed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for range 3 {
			w.receives("\x00not JSON<b>")
			time.Sleep(time.Minute)
		}
		list := func(who muster.Actor, in query.ListRejected) (muster.Listing[muster.RejectedSignal], error) {
			return query.Run[query.ListRejected, muster.Listing[muster.RejectedSignal]](w.Context(), w.q, "ListRejected", who, in)
		}
		if _, err := list(vic(), query.ListRejected{}); muster.CodeOf(err) != muster.ErrForbidden {
			t.Errorf("a viewer: %v", err)
		}
		page, err := list(tom(), query.ListRejected{Source: "monitor", Status: muster.RejectedWaiting, Limit: 2})
		if err != nil || len(page.Items) != 2 || page.Next == nil {
			t.Fatalf("%+v, %v", page, err)
		}
		one, err := query.Run[query.OneRejected, *query.Rejection](w.Context(), w.q, "GetRejected", tom(), query.OneRejected{Signal: page.Items[0].ID})
		if err != nil || one.Size != 12 || !strings.Contains(one.Payload, "not JSON<b>") || strings.Contains(one.Payload, "\x00") {
			t.Errorf("%+v, %v", one, err)
		}
		for _, s := range got[[]query.SourceState](t)(w.q.Sources(w.Context(), view())) {
			if want := map[muster.SourceName]int{"monitor": 3}[s.Source.Name]; s.Waiting != want {
				t.Errorf("%s has %d", s.Source.Name, s.Waiting)
			}
		}
		// A report is the last that came, and nothing that a mapping could be tried with.
		time.Sleep(time.Minute)
		if _, err := w.cmd.ReceiveSignals(w.Context(), command.ReceiveSignals{Source: "monitor", Format: "report", Raw: []byte("{}"), Signals: []muster.Signal{{State: muster.SignalFiring, Title: "A flood"}}}); err != nil {
			t.Fatal(err)
		}
		for _, s := range got[[]query.SourceState](t)(w.q.Sources(w.Context(), view())) {
			if s.Source.Name == "monitor" && (s.LastText != "A flood" || s.LastAt != muster.At(time.Now())) {
				t.Errorf("the last is %q at %s", s.LastText, s.LastAt)
			}
		}
		if out, err := w.q.TryMapping(w.Context(), tom(), query.TryMapping{Source: "monitor"}); err != nil || out.Format != "generic" {
			t.Errorf("it begins with %+v, %v", out, err)
		}
		act[*muster.RejectedSignal](w, tom(), "DismissSignal", command.DismissSignal{Signal: page.Items[0].ID, Why: "a test"})
		if n := got[int](t)(w.q.WaitingRejected(w.Context(), view(), "")); n != 2 {
			t.Errorf("%d wait", n)
		}
	})
}

// receives is a request of the monitor.
func (w *world) receives(body string) muster.AlertID {
	w.Helper()
	in := command.ReceiveSignals{Source: "monitor", Format: "generic", Raw: []byte(body)}
	var err error
	if in.Signals, err = parse("generic", w.q.Catalog().Sources["monitor"], in.Raw, muster.At(time.Now())); err != nil {
		in.Reason = err.Error()
	}
	res, err := w.cmd.ReceiveSignals(w.Context(), in)
	if err != nil {
		w.Fatal(err)
	}
	return res[0].Alert
}
