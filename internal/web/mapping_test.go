package web_test

import (
	"fmt"
	"net/http"
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

// posts is a request as a door hands it over.
func (w *world) posts(src muster.SourceName, format, body string) []command.SignalResult {
	w.t.Helper()
	in := command.ReceiveSignals{Source: src, Format: format, Raw: []byte(body)}
	var err error
	in.Signals, err = parse(format, w.queries.Catalog().Sources[src], in.Raw, muster.At(time.Now()))
	if err != nil {
		in.Reason = err.Error()
	}
	res, err := w.commands.ReceiveSignals(w.t.Context(), in)
	w.must(err)
	return res
}

const mappingPath = "/settings/sources/probes/mapping"

func (w *world) probes() {
	w.t.Helper()
	w.must(w.commands.Batch(w.t.Context(), "Source", admin(), func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: "kind: source\nname: probes\ntitle: Probes\nteam: storefront\nservice: cart\n"})
	}))
}

func TestAMappingIsTriedAndSaved(t *testing.T) {
	w := newWorld(t)
	w.probes()
	p := w.as("ana")
	p.get("/settings/sources").want(t, 200, "Probes", "nothing yet", mappingPath)
	p.get(mappingPath).want(t, 200, "has sent nothing yet")
	w.posts("probes", "generic", `{"region":"eu","results":[{"id":"c7","name":"Search <b>answers</b> slowly","level":"red"}]}`)
	p.get("/settings/sources").want(t, 200, "Alert without a title from Probes")
	etag := fmt.Sprint(w.queries.Catalog().RevisionOf("sources/probes"))
	p.get(mappingPath).want(t, 200, "Alert without a title from Probes", "&#34;region&#34;: &#34;eu&#34;", `<option value="results"`, `name="etag" value="`+etag+`"`)

	before := w.rows()
	typed := []string{"etag", etag, "items", "results", "title", "name", "key", "id", "severity", "level", "severities", "red = critical", "labels", "region = $.region\nhost = host"}
	got := p.post(mappingPath, append(typed, "do", "preview")...).want(t, 200, "Search &lt;b&gt;answers&lt;/b&gt; slowly", "It opens a new alert.", "First paged", "region=eu", "Critical",
		"Host: finds nothing at host.", `<option value="$.region"`, "Storefront")
	if strings.Contains(got.body, "<b>answers") {
		t.Error("what was sent is not escaped")
	}
	p.post(mappingPath, append(typed, "do", "preview", "payload", `{"results":[{"name":"Of my own"}]}`)...).want(t, 200, "Of my own")
	if after := w.rows(); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Error("trying changed something")
	}
	p.post(mappingPath, append(typed, "resolved", "", "do", "save", "severities", "red")...).want(t, 200, "Saved as revision") // the first of two counts
	etag = fmt.Sprint(w.queries.Catalog().RevisionOf("sources/probes"))
	if m := w.queries.Catalog().Sources["probes"].Mapping; m == nil || m.Items != "results" || m.Severities["red"] != muster.SeverityCritical || m.Labels["region"] != "$.region" {
		t.Fatalf("saved: %+v", m)
	}
	p.get(mappingPath).want(t, 200, `value="results"`, "red = critical")
	p.post(mappingPath, "etag", etag, "items", "results", "severities", "red", "do", "save").want(t, http.StatusUnprocessableEntity, "Write a word and a severity", "not red")
	p.post(mappingPath, "etag", etag, "items", "results", "severities", "red = crimson", "do", "save").want(t, http.StatusUnprocessableEntity, "is not one of critical")
	p.post(mappingPath, "etag", etag, "title", `"open`, "do", "save").want(t, http.StatusUnprocessableEntity, "Close the double quotes")
	p.post(mappingPath, "etag", "1", "items", "results", "do", "save").want(t, http.StatusConflict, "Somebody else saved", `name="etag" value="`+etag+`"`)
	p.post(mappingPath, "etag", etag, "do", "save").want(t, 200, "Saved as revision")
	if m := w.queries.Catalog().Sources["probes"].Mapping; m != nil {
		t.Errorf("an empty form leaves %+v", m)
	}

	for who, status := range map[muster.UserName]int{"vera": http.StatusForbidden, "ravi": http.StatusOK} {
		b, etag := w.as(who), fmt.Sprint(w.queries.Catalog().RevisionOf("sources/probes"))
		b.get("/settings/sources").want(t, 200, "Probes")
		b.get(mappingPath).want(t, status)
		b.post(mappingPath, "etag", etag, "items", "x", "do", "save").want(t, http.StatusForbidden)
	}
	if strings.Contains(w.as("vera").get("/settings/sources").body, mappingPath) {
		t.Error("a viewer is led to what was sent")
	}
}

func TestRejectedSignalsInTheEditor(t *testing.T) {
	w := newWorld(t)
	w.probes()
	p := w.as("ana")
	evil := "</pre><script>alert(1)</script>\x00\u202e msi_" + strings.Repeat("ab", 20)
	w.posts("probes", "generic", evil)
	w.posts("probes", "email", `{"title":"The cart burns","id":"fire"}`)
	p.get("/settings/sources").want(t, 200, "2 waiting")
	p.get("/readiness").want(t, 200, "2 signals could not be read")
	page := p.get(mappingPath).want(t, 200, "rejected signals wait", "Cannot be read")
	list, err := query.Run[query.ListRejected, muster.Listing[muster.RejectedSignal]](t.Context(), w.queries, "ListRejected", admin(), query.ListRejected{Source: "probes"})
	w.must(err)
	second, first := string(list.Items[0].ID), string(list.Items[1].ID)
	for _, id := range []string{first, second} {
		if !strings.Contains(page.body, "/settings/rejected/"+id+"/replay") {
			t.Errorf("%s cannot be replayed", id)
		}
	}
	shown := p.get(mappingPath+"?signal="+first).want(t, 200, "&lt;/pre&gt;&lt;script&gt;", "msi_…", "Cannot be read")
	if strings.Contains(shown.body, "<script>alert") || strings.ContainsAny(shown.body, "\x00\u202e") || strings.Contains(shown.body, "abababab") {
		t.Error("what was sent is shown as it is")
	}
	p.post("/settings/rejected/"+first+"/replay").want(t, http.StatusUnprocessableEntity, "It still cannot be read", "&lt;/pre&gt;")
	p.post("/settings/rejected/"+first+"/dismiss", "why", "").want(t, http.StatusUnprocessableEntity, "Say why it is of no use")
	p.post("/settings/rejected/"+first+"/dismiss", "why", "somebody tried the door").want(t, 200, "Dismissed", "somebody tried the door", "rejected signal waits")
	p.post(mappingPath, "signal", second, "format", "generic", "do", "preview").want(t, 200)
	p.post("/settings/rejected/"+second+"/replay", "format", "generic").want(t, 200, "The cart burns", "Replayed: 1 opened.", "replayed what came from Probes")
	p.post("/settings/rejected/"+second+"/replay", "format", "generic").want(t, http.StatusConflict, "It was replayed already, by Ana Rossi")
	p.get(mappingPath).want(t, 200, "None waits", "Settled lately: 2")
	v := w.as("vera")
	v.post("/settings/rejected/"+second+"/replay").want(t, http.StatusForbidden)
	v.post("/settings/rejected/"+second+"/dismiss", "why", "x").want(t, http.StatusForbidden)
	p.get(mappingPath+"?signal=sig_none").want(t, 200, "not")
	p.get("/settings/sources/none/mapping").want(t, http.StatusNotFound)
}
