package azuretable_test

import (
	"errors"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/azuretable/fake"
	"github.com/muster-oncall/muster/internal/httpx"
)

// azurite starts the real counterpart with an empty table, and gives the settings to reach it.
func azurite(t *testing.T, form string) (connector.Config, *aztables.Client) {
	t.Helper()
	url, stop, err := fake.StartAzurite(t.Context(), t.TempDir())
	if errors.Is(err, fake.ErrNoAzurite) && os.Getenv("MUSTER_TEST_POSTGRES") == "" && os.Getenv("MUSTER_TEST_REQUIRED") == "" {
		t.Skip("azurite is not installed: make test installs it")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	cred, err := aztables.NewSharedKeyCredential(fake.AzuriteAccount, fake.AzuriteKey)
	if err != nil {
		t.Fatal(err)
	}
	service, err := aztables.NewServiceClientWithSharedKey(url, cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.CreateTable(t.Context(), "oncall", nil); err != nil {
		t.Fatal(err)
	}
	return connector.Config{
		Name: "roster", Settings: map[string]string{"url": url, "form": form}, Secrets: map[string]string{"key": fake.AzuriteKey},
		HTTP: httpx.NewEgress(httpx.EgressOptions{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
	}, service.NewClient("oncall")
}

// TestAzuriteOriginal does with the real counterpart what TestOriginalForm does with the fake.
func TestAzuriteOriginal(t *testing.T) {
	cfg, client := azurite(t, "original")
	c := open(t, cfg)
	if err := c.Check(t.Context()); err != nil {
		t.Errorf("the check of an empty table: %v", err)
	}
	for _, e := range []string{
		`{"PartitionKey":"1","RowKey":"1","email":"Ana@tailwind.example","oncall":true,"name":"Ana","phone":"555"}`,
		`{"PartitionKey":"1","RowKey":"7","email":"ravi@tailwind.example","oncall":false}`,
		`{"PartitionKey":"1","RowKey":"x","email":"other@tailwind.example","oncall":true}`,
	} {
		if _, err := client.AddEntity(t.Context(), []byte(e), nil); err != nil {
			t.Fatal(err)
		}
	}
	err := c.WriteRoster(t.Context(), []muster.RosterRow{
		{Email: "ana@tailwind.example"}, {Email: "ravi@tailwind.example", OnCall: true}, {Email: "lee@tailwind.example", Name: "Lee", OnCall: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.ReadRoster(t.Context())
	if want := []muster.RosterRow{
		{PartitionKey: "1", RowKey: "1", Email: "Ana@tailwind.example", Name: "Ana"},
		{PartitionKey: "1", RowKey: "7", Email: "ravi@tailwind.example", OnCall: true},
		{PartitionKey: "1", RowKey: "8", Email: "lee@tailwind.example", Name: "Lee", OnCall: true},
		{PartitionKey: "1", RowKey: "x", Email: "other@tailwind.example", OnCall: true},
	}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	// The original's own question still finds who is on call, and what was beside it is kept.
	filter, columns := "oncall eq true", "email"
	page, err := client.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: &filter, Select: &columns}).NextPage(t.Context())
	if err != nil || len(page.Entities) != 3 {
		t.Errorf("oncall eq true: %d, %v", len(page.Entities), err)
	}
	if one, err := client.GetEntity(t.Context(), "1", "1", nil); err != nil || !strings.Contains(string(one.Value), `"phone":"555"`) {
		t.Errorf("%s, %v", one.Value, err)
	}
	if err := c.Check(t.Context()); err != nil {
		t.Errorf("the check: %v", err)
	}
	for name, change := range map[string]func(cfg *connector.Config){
		"another key": func(cfg *connector.Config) { cfg.Secrets = map[string]string{"key": key} },
		"no table":    func(cfg *connector.Config) { cfg.Settings["table"] = "nothere" },
	} {
		change(&cfg)
		if err := open(t, cfg).Check(t.Context()); !connector.IsPermanent(err) || strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", name, err)
		}
		cfg.Secrets, cfg.Settings["table"] = map[string]string{"key": fake.AzuriteKey}, "oncall"
	}
}

func TestAzuriteExtended(t *testing.T) {
	cfg, client := azurite(t, "extended")
	c := open(t, cfg)
	var rows []muster.RosterRow
	for n := range 150 {
		rows = append(rows, shift(n))
	}
	quoted := muster.RosterRow{PartitionKey: "shop", RowKey: "o'hara", Email: "k@tailwind.example", Roster: "shop"}
	if err := c.WriteRoster(t.Context(), append(rows, quoted)); err != nil {
		t.Fatal(err)
	}
	got, err := c.ReadRoster(t.Context())
	if err != nil || len(got) != 151 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	want := shift(0)
	want.PartitionKey, want.RowKey = got[0].PartitionKey, got[0].RowKey
	if got[0] != want || got[150] != quoted {
		t.Errorf("%+v and %+v", got[0], got[150])
	}
	if _, err := client.AddEntity(t.Context(), []byte(`{"PartitionKey":"shop","RowKey":"theirs","email":"x@tailwind.example","oncall":true}`), nil); err != nil {
		t.Fatal(err)
	}
	rows[0].Name = "Another name"
	if err := c.WriteRoster(t.Context(), rows[:1]); err != nil {
		t.Fatal(err)
	}
	got, err = c.ReadRoster(t.Context())
	if err != nil || len(got) != 2 || got[0].Name != "Another name" || got[1].RowKey != "theirs" {
		t.Errorf("%+v, %v", got, err)
	}
	// Somebody else changes the row between reading and writing: the first answer is a conflict, the second round is right.
	egress := cfg.HTTP.Transport
	meddled := false
	cfg.HTTP.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost && !meddled {
			meddled = true
			body := `{"PartitionKey":"` + got[0].PartitionKey + `","RowKey":"` + got[0].RowKey + `","name":"Meddled"}`
			if _, err := client.UpdateEntity(t.Context(), []byte(body), nil); err != nil {
				t.Error(err)
			}
		}
		return egress.RoundTrip(r)
	})
	rows[0].Name = "The last name"
	if err := open(t, cfg).WriteRoster(t.Context(), rows[:1]); err != nil || !meddled {
		t.Errorf("a conflict: %v", err)
	}
	if got, err = c.ReadRoster(t.Context()); err != nil || got[0].Name != "The last name" {
		t.Errorf("%+v, %v", got, err)
	}
}

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
