package catalog_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and read the diff. Got:\n%s", path, got)
	}
}

func say(wrong []muster.FieldError) string {
	var b strings.Builder
	for _, f := range wrong {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

func TestTenErrorsAreAllTold(t *testing.T) {
	data, err := os.ReadFile("testdata/ten-errors.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, wrong := catalog.Parse("ten-errors.yaml", data)
	if len(wrong) != 10 {
		t.Errorf("%d errors are told", len(wrong))
	}
	for _, f := range wrong {
		if f.Line == 0 || f.File == "" {
			t.Errorf("%+v has no place", f)
		}
	}
	golden(t, "ten-errors.golden", say(wrong))
}

// parseAll reads a catalog out of one file.
func parseAll(t *testing.T, text string) (*muster.Catalog, []catalog.Parsed) {
	t.Helper()
	parsed, wrong := catalog.Parse("catalog.yaml", []byte(text))
	if len(wrong) > 0 {
		t.Fatal(say(wrong))
	}
	docs := make([]muster.Document, 0, len(parsed))
	for _, p := range parsed {
		docs = append(docs, p.Doc)
	}
	return muster.NewCatalog(1, docs, nil), parsed
}

func TestParseRefusesWhatItShould(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"anchor":           {"kind: team\nname: a\ntitle: &x A\n", "catalog.yaml:3: anchors, aliases"},
		"alias":            {"kind: team\nname: a\ntitle: *x\n", "catalog.yaml:3: anchors, aliases"},
		"merge":            {"kind: team\n<<: {name: a}\n", "catalog.yaml:2: anchors, aliases"},
		"tag":              {"kind: team\nname: !!str a\n", "catalog.yaml:2: tags"},
		"duplicate":        {"kind: team\nname: a\ntitle: A\ntitle: B\n", "catalog.yaml:4: teams/a.title: stands here for the second time"},
		"no kind":          {"name: a\n", "catalog.yaml:1: kind: say what the document is: user, team"},
		"knd":              {"knd: team\nname: a\n", "catalog.yaml:1: knd: unknown field; did you mean kind?"},
		"plural typo":      {"kind: rostre\n", `"rostre" is not a kind of document; did you mean roster?`},
		"not a document":   {"- a\n- b\n", "catalog.yaml:1: a document is fields such as kind: roster, not a list"},
		"empty":            {"# nothing\n", "the file holds no document"},
		"number for text":  {"kind: team\nname: a\ntitle: 42\n", `teams/a.title: must be text: put it in quotes, "42"`},
		"twice":            {"kind: team\nname: a\ntitle: A\n---\nkind: team\nname: a\ntitle: B\n", "catalog.yaml:5: teams/a: is written twice: the first is at line 1"},
		"syntax":           {"kind: team\nname: a\ntitle: [A\n", "this is not YAML"},
		"second document":  {"kind: team\nname: a\n bad: [\n---\nkind: team\nname: b\ntite: B\n", "catalog.yaml:7: teams/b.tite: unknown field; did you mean title?"},
		"deep":             {"kind: team\nname: " + strings.Repeat("[", 5000), "levels deep"},
		"dashes":           {strings.Repeat("- ", 5000), "too many lists or fields on one line"},
		"fields":           {"kind: team\n" + strings.Repeat("a: b\n", 5000), "more than 4000 fields"},
		"UTF-8":            {"kind: team\nname: \xff\n", "is not text in UTF-8"},
		"huge":             {strings.Repeat("#", catalog.MaxFile+1), "at most 1048576 are read"},
		"JSON":             {`{"kind": "team", "name": "a",` + "\n" + `"title": "A", "titel": 1}`, "catalog.yaml:2: teams/a.titel: unknown field; did you mean title?"},
		"directive":        {"%YAML 1.2\n---\nkind: team\nname: a\ntitle: A\n", "directives (%) are not used"},
		"connector's kind": {"kind: connector\nname: a\nkind: email\n", "a connector's own kind is written type"},
		"wrong list":       {"kind: user\nname: a\ndisplay: A\nzone: UTC\nteams: {a: b}\n", "users/a.teams: must be a list, not a map of fields"},
		"whole number":     {"kind: route\nname: a\nmatch: 'true'\norder: 1.5\n", "routes/a.order: must be a whole number, not 1.5"},
		"octal":            {"kind: route\nname: a\nmatch: 'true'\norder: 010\n", "routes/a.order: must be a whole number, not 010"},
		"truth":            {"kind: user\nname: a\ndisplay: A\nzone: UTC\ndisabled: yes\n", `users/a.disabled: must be true or false, not the text "yes"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := catalog.Parse("catalog.yaml", []byte(c.text))
			if !strings.Contains(say(wrong), c.want) {
				t.Errorf("got %q, want %q", say(wrong), c.want)
			}
		})
	}
}

func TestParseReadsBothNotations(t *testing.T) {
	_, a := parseAll(t, "kind: connector\nname: mail\ntype: email\nsettings:\n  host: smtp.example\n  port: \"587\"\n---\n{kind: team, name: web, title: Web}\n")
	_, b := parseAll(t, `[{"kind":"connector","name":"mail","type":"email","settings":{"host":"smtp.example","port":"587"}},{"kind":"teams","name":"web","title":"Web"}]`)
	if len(a) != 2 || len(b) != 2 {
		t.Fatal(len(a), len(b))
	}
	for i := range a {
		if d := catalog.DiffText(a[i].Doc, b[i].Doc); len(d) == 0 || strings.Contains(ops(d), "+") || strings.Contains(ops(d), "-") {
			t.Error(d)
		}
	}
	if c, ok := a[0].Doc.(*muster.Connector); !ok || c.Kind != "email" || c.Settings["port"] != "587" {
		t.Errorf("%+v", a[0].Doc)
	}
	if a[1].Line != 8 {
		t.Errorf("the second document begins at line %d", a[1].Line)
	}
}

func ops(d []catalog.DiffLine) string {
	var b strings.Builder
	for _, l := range d {
		b.WriteString(string(l.Op))
	}
	return b.String()
}

func TestReadJSONTellsUnreadableFromWrong(t *testing.T) {
	for _, c := range []struct {
		body string
		code muster.Code
		text string
	}{
		{`{"title":"A"}`, "", ""},
		{`{"kind":"team","name":"web","title":"A"}`, "", ""},
		{`{"name":null,"title":"A"}`, "", ""},
		{`{"title":"A","title":"B"}`, muster.ErrUnreadable, "title: stands here for the second time"},
		{`{"title":`, muster.ErrUnreadable, "it ends too early"},
		{`{"title":"A"} {"title":"B"}`, muster.ErrUnreadable, "one JSON object, not 2"},
		{``, muster.ErrUnreadable, "one JSON object, not 0"},
		{`[]`, muster.ErrUnreadable, "not a list"},
		{`{"title":"A" "x":1}`, muster.ErrUnreadable, "not JSON"},
		{`{"Title":"A"}`, muster.ErrInvalid, "Title: unknown field; did you mean title?"},
		{`{"title":3}`, muster.ErrInvalid, "must be text"},
		{`{"title":"A","name":"other"}`, muster.ErrInvalid, "a name never changes"},
		{`{"title":"A","kind":"roster"}`, muster.ErrInvalid, "must be team, as the path says"},
		{`{"title":` + strings.Repeat("[", 9000), muster.ErrUnreadable, "levels deep"},
		{strings.Repeat(" ", catalog.MaxFile) + `{}`, muster.ErrTooLarge, "at most"},
	} {
		doc, err := catalog.ReadJSON(muster.KindTeams, "web", []byte(c.body))
		if muster.CodeOf(err) != c.code || (err != nil && !strings.Contains(err.Error(), c.text)) {
			t.Errorf("%.60s: %v (%s); want %s", c.body, err, muster.CodeOf(err), c.code)
		}
		if err == nil && (doc == nil || doc.DocName() != "web") {
			t.Errorf("%s: %+v", c.body, doc)
		}
	}
	c, err := catalog.ReadJSON(muster.KindConnectors, "mail", []byte(`{"kind":"email"}`))
	if conn, ok := c.(*muster.Connector); err != nil || !ok || conn.Kind != "email" {
		t.Errorf("%+v %v", c, err)
	}
	if _, wrong := catalog.ParseJSON(muster.KindTeams, []byte(`{"name":"web"}`)); len(wrong) != 1 || wrong[0].Path != "title" {
		t.Error(wrong)
	}
}

func FuzzParse(f *testing.F) {
	ten, err := os.ReadFile("testdata/ten-errors.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(ten), "{kind: team, name: a, title: 'x'}", "- - a: |\n  b", "a: \"\\x41\"\n---\nb: >-\n c\n", "? a\n: b", "[{}]", "kind: runbook\nname: r\ntitle: R\ntext: |2\n   a\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, wrong := catalog.Parse("f.yaml", data)
		if len(parsed) == 0 && len(wrong) == 0 {
			t.Fatal("nothing was read, and nothing is wrong")
		}
		if len(wrong) > 0 {
			return
		}
		for _, p := range parsed { // what was read is written and read back equal
			text, err := catalog.YAML(p.Doc)
			if err != nil {
				t.Fatal(err)
			}
			again, wrong := catalog.Parse("g.yaml", []byte(text))
			if len(wrong) > 0 || len(again) != 1 || !equal(p.Doc, again[0].Doc) {
				t.Fatalf("%s\n%q\n%+v", say(wrong), text, p.Doc)
			}
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	f.Add("routes", []byte(`{"name":"a","match":"true","order":3}`))
	f.Add("connectors", []byte(`{"kind":"email","settings":{"a":"b","a":"c"}}`))
	f.Add("rosters", []byte(`{"title":"R","team":"t","overrides":[{"id":"x","role":"primary","people":[],"from":"2026-11-02T10:00:00Z","until":"2026-11-02T11:00:00+01:00"}]}`))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		doc, err := catalog.ReadJSON(muster.Kind(kind), "a", data)
		if (doc == nil) == (err == nil) {
			t.Fatal(doc, err)
		}
		if c := muster.CodeOf(err); c == muster.ErrInternal {
			t.Fatal(err)
		}
	})
}
