package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	azurefake "github.com/muster-oncall/muster/internal/connector/azuretable/fake"
)

// TestRosterIsKeptInRealAzureTable: a roster that publishes writes the table of the original by itself, in which whoever
// asks “oncall eq true” finds who is on call; and it comes back as a rotation.
func TestRosterIsKeptInRealAzureTable(t *testing.T) {
	address := startAzurite(t)
	d := StartDemo(t, t.TempDir())
	d.Do("PUT", "/api/v1/secrets/storage-key", map[string]any{"value": azurefake.AzuriteKey}).Want(http.StatusNoContent)
	d.apply(
		http.StatusOK,
		map[string]any{
			"kind": "connector", "name": "table", "type": "azure-table",
			"settings": map[string]string{"url": address}, "secrets": map[string]string{"key": "storage-key"},
		},
		map[string]any{"kind": "user", "name": "table-tess", "display": "Table Tess", "email": "tess@tailwind.example", "zone": "UTC"},
		map[string]any{
			"kind": "roster", "name": "tables", "title": "Tables", "team": "storefront", "publish": []string{"table"},
			"rotations": []map[string]any{{
				"name": "first", "role": "primary", "zone": "UTC", "every": 1, "unit": "week", "handoff": "09:00", "start": "2020-01-06", "people": []string{"table-tess"},
			}},
		},
	)
	cred, err := aztables.NewSharedKeyCredential(azurefake.AzuriteAccount, azurefake.AzuriteKey)
	if err != nil {
		t.Fatal(err)
	}
	service, err := aztables.NewServiceClientWithSharedKey(address, cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	filter := "oncall eq true"
	d.Await(20*time.Second, "Tess to be on call in the table", func() bool {
		page, err := service.NewClient("oncall").NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: &filter}).NextPage(t.Context())
		return err == nil && len(page.Entities) == 1 && strings.Contains(string(page.Entities[0]), "tess@tailwind.example")
	})
	d.Do("POST", "/api/v1/rosters/tables/import", map[string]any{"connector": "table", "rotation": "from-azure"}).Want(http.StatusOK)
	d.Await(20*time.Second, "the rotation to come back", func() bool {
		return strings.Contains(string(d.Do("GET", "/api/v1/rosters/tables", nil).Want(http.StatusOK).Body), "from-azure")
	})
}
