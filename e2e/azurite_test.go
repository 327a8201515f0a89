package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	azurefake "github.com/muster-oncall/muster/internal/connector/azuretable/fake"
	icalfake "github.com/muster-oncall/muster/internal/connector/ical/fake"
)

// startAzurite runs the real emulator of Azure Storage with an empty table called oncall, and returns its address.
func startAzurite(t *testing.T) string {
	t.Helper()
	url, stop, err := azurefake.StartAzurite(t.Context(), t.TempDir())
	if errors.Is(err, azurefake.ErrNoAzurite) && os.Getenv("MUSTER_TEST_POSTGRES") == "" && os.Getenv("MUSTER_TEST_REQUIRED") == "" {
		t.Skip("azurite is not installed: make test installs it")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	cred, err := aztables.NewSharedKeyCredential(azurefake.AzuriteAccount, azurefake.AzuriteKey)
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
	return url
}

// tryOut presses Test on a connector and gives how that ended: the state of the delivery.
func (d *Demo) tryOut(name, want string) {
	d.Client.t.Helper()
	path := "/api/v1/connectors/" + name
	before := d.Do("GET", path+"/deliveries", nil).Want(http.StatusOK).Text("items.0.id")
	d.Do("POST", path+"/test", map[string]any{}).Want(http.StatusNoContent)
	got := ""
	d.Await(20*time.Second, "the test of "+name+" to end as "+want, func() bool {
		r := d.Do("GET", path+"/deliveries", nil).Want(http.StatusOK)
		got = r.Text("items.0.state")
		return r.Text("items.0.id") != before && (got == "done" || got == "failed")
	})
	if got != want {
		d.Client.t.Errorf("the test of %s ended as %s, want %s", name, got, want)
	}
}

func TestRealAzureTableIsReached(t *testing.T) {
	url := startAzurite(t)
	d := StartDemo(t, t.TempDir())
	d.Do("PUT", "/api/v1/secrets/storage-key", map[string]any{"value": azurefake.AzuriteKey}).Want(http.StatusNoContent)
	d.Do("PUT", "/api/v1/secrets/other-key", map[string]any{"value": "YW5vdGhlciBhY2NvdW50J3Mga2V5"}).Want(http.StatusNoContent)
	table := func(name, table, key string) map[string]any {
		return map[string]any{
			"kind": "connector", "name": name, "type": "azure-table", "title": "On call, as Azure has it",
			"settings": map[string]string{"url": url, "table": table}, "secrets": map[string]string{"key": key},
		}
	}
	d.apply(http.StatusOK, table("roster-table", "oncall", "storage-key"), table("wrong-table", "nothere", "storage-key"), table("wrong-key", "oncall", "other-key"))
	d.tryOut("roster-table", "done")
	d.tryOut("wrong-table", "failed")
	d.tryOut("wrong-key", "failed")
}

func TestCalendarFeedIsReached(t *testing.T) {
	feed := icalfake.New("/private-5f2c9d/basic.ics", icalfake.Calendar(icalfake.Day("1", "20261225", "Christmas Day")))
	server := httptest.NewServer(feed)
	t.Cleanup(server.Close)
	d := StartDemo(t, t.TempDir())
	d.Do("PUT", "/api/v1/secrets/leave-calendar", map[string]any{"value": server.URL + "/private-5f2c9d/basic.ics"}).Want(http.StatusNoContent)
	d.apply(
		http.StatusOK,
		map[string]any{"kind": "connector", "name": "leave", "type": "ical", "settings": map[string]string{"kind": "leave", "zone": "Europe/Berlin"}, "secrets": map[string]string{"url": "leave-calendar"}},
		map[string]any{"kind": "connector", "name": "holidays", "type": "ical", "settings": map[string]string{"kind": "holidays", "url": server.URL + "/public.ics"}},
	)
	d.tryOut("leave", "done")
	d.tryOut("holidays", "failed") // there is nothing at that address
	wrong := d.apply(http.StatusUnprocessableEntity, map[string]any{"kind": "connector", "name": "wrong", "type": "ical", "settings": map[string]string{"kind": "vacation"}})
	for _, want := range []string{"must be leave or holidays", "store the calendar's iCal address as a secret"} {
		if !strings.Contains(string(wrong.Body), want) {
			t.Errorf("a wrong document: nobody says %q: %s", want, wrong.Body)
		}
	}
	for line := range strings.SplitSeq(d.Stderr(), "\n") {
		if strings.Contains(line, "private-5f2c9d") {
			t.Errorf("the log shows the secret address: %s", line)
		}
	}
}

// apply sends documents, and wants a status.
func (d *Demo) apply(status int, documents ...map[string]any) *Reply {
	d.Client.t.Helper()
	var text strings.Builder
	for _, doc := range documents {
		one, err := json.Marshal(doc)
		if err != nil {
			d.Client.t.Fatal(err)
		}
		text.WriteString("---\n" + string(one) + "\n") // JSON is YAML
	}
	return d.Do("POST", "/api/v1/apply", map[string]any{"documents": text.String(), "why": "a test"}).Want(status)
}
