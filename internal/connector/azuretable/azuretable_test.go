package azuretable_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/azuretable"
	"github.com/muster-oncall/muster/internal/connector/azuretable/fake"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/httpx"
)

const account = "tailwind"

var key = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("account key of the tests ", 3)))

// start runs the fake with an empty table, and gives the settings to reach it.
func start(t *testing.T, form string) (*fake.Service, *httptest.Server, connector.Config) {
	t.Helper()
	service, err := fake.New(account, key)
	if err != nil {
		t.Fatal(err)
	}
	service.CreateTable("oncall")
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return service, server, connector.Config{
		Name:     "roster",
		Settings: map[string]string{"url": server.URL + "/" + account, "form": form},
		Secrets:  map[string]string{"key": key},
		HTTP:     server.Client(),
	}
}

func open(t *testing.T, cfg connector.Config) *azuretable.Connector {
	t.Helper()
	made, err := azuretable.Descriptor().Make(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := made.(*azuretable.Connector)
	if !ok {
		t.Fatalf("it made a %T", made)
	}
	return c
}

func put(t *testing.T, s *fake.Service, entities ...string) {
	t.Helper()
	for _, e := range entities {
		if err := s.Put("oncall", e); err != nil {
			t.Fatalf("%s: %v", e, err)
		}
	}
}

func sameRows(t *testing.T, s *fake.Service, want ...string) {
	t.Helper()
	if got := s.Rows("oncall"); !slices.Equal(got, want) {
		t.Errorf("the table holds\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// writes counts the requests that changed something.
func writes(s *fake.Service) (n int) {
	for _, r := range s.Requests() {
		if !strings.HasPrefix(r, "GET ") {
			n++
		}
	}
	return n
}

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: azuretable.Descriptor(),
		Start: func(t *testing.T) connectortest.World {
			t.Helper()
			_, server, cfg := start(t, "extended")
			return connectortest.World{Config: cfg, Host: strings.TrimPrefix(server.URL, "http://")}
		},
		Bad: map[string]string{
			"settings.url": "https://u:p@tailwind.table.core.windows.net", "settings.table": "on-call", "settings.form": "long",
			"settings.account": "Tailwind!",
		},
		BadSecrets: map[string]string{"key": "not base64 at all!", "sas": "se=2026-11-22"},
		Can:        []string{"Checker", "RosterTable"},
	})
}

func TestSettings(t *testing.T) {
	d := azuretable.Descriptor()
	for name, c := range map[string]struct {
		settings, secrets map[string]string
		want              string
	}{
		"host":              {map[string]string{"url": "https://tailwind.table.core.windows.net"}, map[string]string{"key": "k"}, ""},
		"secondary":         {map[string]string{"url": "https://tailwind-secondary.table.core.windows.net/"}, map[string]string{"key": "k"}, ""},
		"emulator":          {map[string]string{"url": "http://127.0.0.1:10002/devstoreaccount1"}, map[string]string{"sas": "s"}, ""},
		"no account":        {map[string]string{"url": "https://tables.example.org"}, map[string]string{"key": "k"}, "settings.account"},
		"account given":     {map[string]string{"url": "https://tables.example.org", "account": "tailwind"}, map[string]string{"key": "k"}, ""},
		"SAS in the url":    {map[string]string{"url": "https://tailwind.table.core.windows.net/?sv=1&sig=x"}, map[string]string{"key": "k"}, "settings.url"},
		"no secret":         {map[string]string{"url": "https://tailwind.table.core.windows.net"}, nil, "secrets.key"},
		"two secrets":       {map[string]string{"url": "https://tailwind.table.core.windows.net"}, map[string]string{"key": "k", "sas": "s"}, "secrets.sas"},
		"key in a document": {map[string]string{"url": "https://tailwind.table.core.windows.net", "key": "k"}, map[string]string{"sas": "s"}, "settings.key"},
	} {
		f := d.Check(c.settings, c.secrets)
		if c.want == "" && len(f) > 0 || c.want != "" && (len(f) != 1 || f[0].Path != c.want) {
			t.Errorf("%s: %v, want %q", name, f, c.want)
		}
	}
	_, _, cfg := start(t, "original")
	for secret, ok := range map[string]bool{
		"DefaultEndpointsProtocol=https;AccountName=tailwind;AccountKey=" + key + ";EndpointSuffix=core.windows.net": true,
		"AccountName=another;AccountKey=" + key: false,
		"AccountName=tailwind;SharedAccess=x":   false,
		" " + key + "\n":                        true,
	} {
		cfg.Secrets = map[string]string{"key": secret}
		made, err := azuretable.Descriptor().Make(cfg)
		if (err == nil) != ok {
			t.Errorf("a key of another kind: %v", err)
			continue
		}
		if c, is := made.(connector.Checker); ok && (!is || c.Check(t.Context()) != nil) {
			t.Errorf("a good key is refused")
		}
	}
}

func TestOriginalForm(t *testing.T) {
	s, _, cfg := start(t, "original")
	c := open(t, cfg)
	put(
		t, s,
		`{"PartitionKey":"1","RowKey":"1","email":"Ana@tailwind.example","oncall":true,"name":"Ana","phone":"555"}`,
		`{"PartitionKey":"1","RowKey":"7","email":"ravi@tailwind.example","oncall":false}`,
		`{"PartitionKey":"2","RowKey":"o'hara","email":"kim@tailwind.example","oncall":true}`,
		`{"PartitionKey":"1","RowKey":"x","email":"other@tailwind.example","oncall":true}`,
	)
	got, err := c.ReadRoster(t.Context())
	if err != nil || len(got) != 4 || got[0] != (muster.RosterRow{PartitionKey: "1", RowKey: "1", Email: "Ana@tailwind.example", OnCall: true, Name: "Ana"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	rows := []muster.RosterRow{
		{Email: "ana@tailwind.example"},
		{Email: "ravi@tailwind.example", OnCall: true},
		{Email: "kim@tailwind.example"},
		{Email: "lee@tailwind.example", Name: "Lee", Service: "cart", OnCall: true, Roster: "shop", Role: "primary"},
		{Email: "lee@tailwind.example"},
		{Email: "mo@tailwind.example", RowKey: "1"},
	}
	if err := c.WriteRoster(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"PartitionKey":"1","RowKey":"1","email":"Ana@tailwind.example","name":"Ana","oncall":false,"phone":"555"}`,
		`{"PartitionKey":"1","RowKey":"7","email":"ravi@tailwind.example","oncall":true}`,
		`{"PartitionKey":"1","RowKey":"8","email":"lee@tailwind.example","name":"Lee","oncall":true,"service":"cart"}`,
		`{"PartitionKey":"1","RowKey":"9","email":"mo@tailwind.example","oncall":false}`,
		`{"PartitionKey":"1","RowKey":"x","email":"other@tailwind.example","oncall":true}`,
		`{"PartitionKey":"2","RowKey":"o'hara","email":"kim@tailwind.example","oncall":false}`,
	}
	sameRows(t, s, want...)
	before := writes(s)
	if err := c.WriteRoster(t.Context(), rows); err != nil || writes(s) != before {
		t.Errorf("the same again: %v, %d writes", err, writes(s)-before)
	}
	if err := c.WriteRoster(t.Context(), nil); err != nil || writes(s) != before {
		t.Errorf("nobody: %v, %d writes", err, writes(s)-before)
	}
	if err := c.WriteRoster(t.Context(), []muster.RosterRow{{Name: "no mail"}}); !connector.IsPermanent(err) {
		t.Errorf("no e-mail: %v", err)
	}
	sameRows(t, s, want...)
	if r := s.Refused(); len(r) > 0 {
		t.Errorf("the service refused %v", r)
	}
}

var friday = muster.At(time.Date(2026, 11, 27, 9, 0, 0, 123456000, time.UTC))

func shift(n int) muster.RosterRow {
	return muster.RosterRow{
		Email: fmt.Sprintf("p%d@tailwind.example", n), OnCall: n == 0, Name: "Person", Service: "cart", Roster: "shop", Role: "primary",
		From: friday.Plus(time.Duration(n) * time.Hour), Until: friday.Plus(time.Duration(n+1) * time.Hour),
	}
}

func TestExtendedForm(t *testing.T) {
	s, _, cfg := start(t, "extended")
	c := open(t, cfg)
	theirs := `{"PartitionKey":"shop","RowKey":"theirs","email":"x@tailwind.example","oncall":true}`
	put(t, s, theirs)
	quoted := muster.RosterRow{PartitionKey: "shop", RowKey: "o'hara", Email: "k@tailwind.example", Roster: "shop"}
	if err := c.WriteRoster(t.Context(), []muster.RosterRow{shift(0), quoted}); err != nil {
		t.Fatal(err)
	}
	sum := strings.Split(s.Rows("oncall")[0], `"RowKey":"20261127T090000Z-primary-`)
	if len(sum) != 2 {
		t.Fatal(s.Rows("oncall"))
	}
	sameRows(
		t, s,
		`{"PartitionKey":"shop","RowKey":"20261127T090000Z-primary-`+sum[1][:12]+`","email":"p0@tailwind.example","from":"2026-11-27T09:00:00.123456Z","from@odata.type":"Edm.DateTime","managedBy":"muster","name":"Person","oncall":true,"role":"primary","roster":"shop","service":"cart","until":"2026-11-27T10:00:00.123456Z","until@odata.type":"Edm.DateTime"}`,
		`{"PartitionKey":"shop","RowKey":"o'hara","email":"k@tailwind.example","managedBy":"muster","oncall":false,"roster":"shop"}`,
		theirs,
	)
	// What was written is read back as it was, so that nothing is written the second time.
	got, err := c.ReadRoster(t.Context())
	want := shift(0)
	want.PartitionKey, want.RowKey = got[0].PartitionKey, got[0].RowKey
	if err != nil || len(got) != 3 || got[0] != want || got[1] != quoted {
		t.Fatalf("%+v, %v", got, err)
	}
	before := writes(s)
	if err := c.WriteRoster(t.Context(), []muster.RosterRow{quoted, shift(0)}); err != nil || writes(s) != before {
		t.Errorf("the same again: %v, %d writes", err, writes(s)-before)
	}
	// A property that is gone goes, and rows that are gone go; theirs stay.
	quoted.Roster, quoted.Email = "", "l@tailwind.example"
	if err := c.WriteRoster(t.Context(), []muster.RosterRow{quoted}); err != nil {
		t.Fatal(err)
	}
	sameRows(t, s, `{"PartitionKey":"shop","RowKey":"o'hara","email":"l@tailwind.example","managedBy":"muster","oncall":false}`, theirs)
	for name, rows := range map[string][]muster.RosterRow{
		"theirs":    {{PartitionKey: "shop", RowKey: "theirs", Email: "y@tailwind.example"}},
		"twice":     {shift(1), shift(1)},
		"slash":     {{PartitionKey: "a/b", RowKey: "1"}},
		"control":   {{PartitionKey: "a", RowKey: "1\n"}},
		"long":      {{Name: strings.Repeat("x", 1001)}},
		"long ago":  {{From: muster.At(time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC))}},
		"last wins": {shift(1), {PartitionKey: "shop", RowKey: "theirs"}},
	} {
		before := writes(s)
		if err := c.WriteRoster(t.Context(), rows); !connector.IsPermanent(err) || writes(s) != before {
			t.Errorf("%s: %v, %d writes", name, err, writes(s)-before)
		}
	}
	if err := c.WriteRoster(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	sameRows(t, s, theirs)
	if r := s.Refused(); len(r) > 0 {
		t.Errorf("the service refused %v", r)
	}
}

func TestManyRows(t *testing.T) {
	s, _, cfg := start(t, "extended")
	c := open(t, cfg)
	s.PageSize(30)
	var rows []muster.RosterRow
	for n := range 250 {
		rows = append(rows, shift(n))
	}
	other := shift(999)
	other.Roster = "payments"
	if err := c.WriteRoster(t.Context(), append(rows, other)); err != nil {
		t.Fatal(err)
	}
	batches := func() (n int) {
		for _, r := range s.Requests() {
			if r == "POST $batch" {
				n++
			}
		}
		return n
	}
	if n := batches(); n != 4 { // 100, 100, 50, and 1 of another partition
		t.Errorf("%d transactions", n)
	}
	if got, err := c.ReadRoster(t.Context()); err != nil || len(got) != 251 {
		t.Errorf("%d rows, %v", len(got), err)
	}
	// New ones come before old ones go.
	if err := c.WriteRoster(t.Context(), []muster.RosterRow{shift(300)}); err != nil {
		t.Fatal(err)
	}
	last := s.Requests()
	first := slices.IndexFunc(last, func(r string) bool { return strings.HasPrefix(r, " DELETE ") })
	added := slices.Index(last[first:], " POST oncall")
	if first < 0 || added >= 0 || len(s.Rows("oncall")) != 1 {
		t.Errorf("something was added after the first deletion, or %d rows are left", len(s.Rows("oncall")))
	}
}

// TestSomebodyElseWrites changes the table between reading and writing.
func TestSomebodyElseWrites(t *testing.T) {
	for name, meddle := range map[string]func(t *testing.T, s *fake.Service){
		"changed": func(t *testing.T, s *fake.Service) {
			put(t, s, `{"PartitionKey":"1","RowKey":"1","email":"ana@tailwind.example","oncall":true,"phone":"556"}`)
		},
		"deleted": func(_ *testing.T, s *fake.Service) { s.Remove("oncall", "1", "1") },
		"added": func(t *testing.T, s *fake.Service) {
			put(t, s, `{"PartitionKey":"1","RowKey":"2","email":"zoe@tailwind.example","oncall":true}`)
		},
	} {
		for _, rows := range [][]muster.RosterRow{
			{{Email: "ana@tailwind.example"}, {Email: "lee@tailwind.example", OnCall: true}}, // a transaction of two
			{{Email: "ana@tailwind.example", OnCall: false}},
		} {
			s, _, cfg := start(t, "original")
			c := open(t, cfg)
			put(t, s, `{"PartitionKey":"1","RowKey":"1","email":"ana@tailwind.example","oncall":true}`)
			times := 0
			s.Before(func(r *http.Request) {
				if r.Method != http.MethodGet {
					if times++; times == 1 {
						meddle(t, s)
					}
				}
			})
			if err := c.WriteRoster(t.Context(), rows); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got, err := c.ReadRoster(t.Context())
			for _, r := range got {
				if err != nil || r.Email == "ana@tailwind.example" && r.OnCall {
					t.Errorf("%s: %+v, %v", name, got, err)
				}
			}
		}
	}
	s, _, cfg := start(t, "original")
	c := open(t, cfg)
	put(t, s, `{"PartitionKey":"1","RowKey":"1","email":"ana@tailwind.example","oncall":true}`)
	s.Before(func(r *http.Request) {
		if r.Method != http.MethodGet {
			put(t, s, `{"PartitionKey":"1","RowKey":"1","email":"ana@tailwind.example","oncall":true}`)
		}
	})
	err := c.WriteRoster(t.Context(), []muster.RosterRow{{Email: "ana@tailwind.example"}})
	if err == nil || connector.IsPermanent(err) || !strings.Contains(err.Error(), "somebody else") || writes(s) != 4 { // two transactions of one change
		t.Errorf("again and again: %v, %d writes", err, writes(s))
	}
}

func TestWrongTypes(t *testing.T) {
	for text, want := range map[string]string{
		`{"PartitionKey":"1","RowKey":"3","email":"a@b","oncall":"true"}`: `"1"/"3"`,
		`{"PartitionKey":"1","RowKey":"3","email":5}`:                     "email must be a String",
		`{"PartitionKey":"1","RowKey":"3","from":"friday"}`:               "from must be a DateTime",
	} {
		s, _, cfg := start(t, "extended")
		put(t, s, text)
		_, err := open(t, cfg).ReadRoster(t.Context())
		if !connector.IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
		if err := open(t, cfg).Check(t.Context()); !connector.IsPermanent(err) {
			t.Errorf("%s: the check says %v", text, err)
		}
	}
}

func TestSignature(t *testing.T) {
	s, _, cfg := start(t, "original")
	cred, err := aztables.NewSharedKeyCredential(account, key)
	if err != nil {
		t.Fatal(err)
	}
	sas := func(permissions, table string, end time.Duration) map[string]string {
		text, err := aztables.SASSignatureValues{TableName: table, Permissions: permissions, StartTime: time.Now().Add(-time.Hour), ExpiryTime: time.Now().Add(end)}.Sign(cred)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"sas": "?" + text}
	}
	rows := []muster.RosterRow{{Email: "ana@tailwind.example", OnCall: true}, {Email: "lee@tailwind.example"}}
	cfg.Secrets = sas("raud", "oncall", time.Hour)
	if err := open(t, cfg).WriteRoster(t.Context(), rows); err != nil || len(s.Rows("oncall")) != 2 {
		t.Errorf("%v, %v", err, s.Rows("oncall"))
	}
	rows[1].OnCall = true
	for name, secret := range map[string]map[string]string{
		"read only": sas("r", "oncall", time.Hour), "another table": sas("raud", "other", time.Hour), "expired": sas("raud", "oncall", -time.Minute),
	} {
		cfg.Secrets = secret
		err := open(t, cfg).WriteRoster(t.Context(), rows)
		q, _ := url.ParseQuery(strings.TrimPrefix(secret["sas"], "?"))
		if !connector.IsPermanent(err) || strings.Contains(err.Error(), q.Get("sig")) || strings.Contains(err.Error(), url.QueryEscape(q.Get("sig"))) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// calls are what may be asked of a table.
func calls(c *azuretable.Connector) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"check": c.Check,
		"read":  func(ctx context.Context) error { _, err := c.ReadRoster(ctx); return err },
		"write": func(ctx context.Context) error {
			return c.WriteRoster(ctx, []muster.RosterRow{{Email: "ana@tailwind.example", OnCall: true}})
		},
	}
}

func TestStatuses(t *testing.T) {
	s, _, cfg := start(t, "original")
	c := open(t, cfg)
	for name, call := range calls(c) {
		for status := 300; status < 600; status++ {
			s.Answer(status, http.Header{"Location": {"https://elsewhere.invalid/"}, "Retry-After": {"7"}})
			err := call(t.Context())
			again := status == 408 || status == 425 || status == 429 || status >= 500
			if err == nil || connector.IsPermanent(err) == again || strings.Contains(err.Error(), "body of the answer") || strings.Contains(err.Error(), key) {
				t.Errorf("%s, %d: %v", name, status, err)
			}
			if again && connector.RetryAfter(err) != 7*time.Second {
				t.Errorf("%s, %d waits %v", name, status, connector.RetryAfter(err))
			}
		}
		s.Answer(200, nil) // and something that is no JSON
		if err := call(t.Context()); err == nil || connector.IsPermanent(err) || strings.Contains(err.Error(), "body of the answer") {
			t.Errorf("%s, not JSON: %v", name, err)
		}
		s.Answer(0, nil)
	}
	// A transaction that is answered with something else.
	for status, again := range map[int]bool{202: true, 400: false, 413: false, 503: true} {
		s.Before(func(r *http.Request) {
			s.Answer(0, nil)
			if r.Method != http.MethodGet {
				s.Answer(status, nil)
			}
		})
		if err := calls(c)["write"](t.Context()); err == nil || connector.IsPermanent(err) == again {
			t.Errorf("a transaction that is answered %d: %v", status, err)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	s, _, cfg := start(t, "original")
	c := open(t, cfg)
	for name, call := range calls(c) {
		release := s.Hang()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		begin := time.Now()
		err := call(ctx)
		cancel()
		release()
		if err == nil || connector.IsPermanent(err) || time.Since(begin) > 3*time.Second {
			t.Errorf("%s: %v", name, err)
		}
	}
	cfg.HTTP = httpx.NewEgress(httpx.EgressOptions{}) // which does not go to this machine
	for name, call := range calls(open(t, cfg)) {
		if err := call(t.Context()); !errors.Is(err, httpx.ErrRefused) || !connector.IsPermanent(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, change := range map[string]func(cfg *connector.Config){
		"another key": func(cfg *connector.Config) {
			cfg.Secrets = map[string]string{"key": base64.StdEncoding.EncodeToString([]byte("another account's key"))}
		},
		"another account": func(cfg *connector.Config) { cfg.Settings["account"] = "northwind" },
		"no table":        func(cfg *connector.Config) { cfg.Settings["table"] = "nothere" },
	} {
		_, _, cfg := start(t, "original")
		change(&cfg)
		for call, f := range calls(open(t, cfg)) {
			err := f(t.Context())
			if !connector.IsPermanent(err) {
				t.Errorf("%s, %s: %v", name, call, err)
			}
			for _, secret := range cfg.Secrets {
				if strings.Contains(fmt.Sprintf("%+v", err), secret) {
					t.Errorf("%s, %s: the error shows the key", name, call)
				}
			}
		}
	}
}
