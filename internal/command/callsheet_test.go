package command_test

import (
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/callsheet"
	"github.com/muster-oncall/muster/internal/command"
)

// A call sheet with numbers has what somebody can dial; the secret of a browser's subscription gets onto no paper.
func TestCallSheetWithNumbers(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: connector\nname: texts\ntype: sms\n---\nkind: connector\nname: browsers\ntype: browser\n---\n" +
			"kind: roster\nname: paper\ntitle: Paper\nteam: storefront\nrotations:\n  - {name: days, role: primary, zone: UTC, every: 1, unit: day, handoff: \"09:00\", start: \"2020-01-01\", people: [rob]}\n")
		for method, conn := range map[string]muster.ConnectorName{"mobile": "texts", "laptop": "browsers"} {
			must[*muster.Contact](w, w.as("ana"), "AddContact", command.AddContact{User: "rob", Method: method, Connector: conn, Address: "address of " + method})
		}
		sheet := must[*callsheet.Sheet](w, w.as("ana"), "PrintCallSheet", command.PrintCallSheet{Days: 3})
		got := map[string]string{}
		for _, p := range sheet.People {
			for _, way := range p.Ways {
				if p.ID == "rob" {
					got[way.Method] = way.Address
				}
			}
		}
		if got["mobile"] != "address of mobile" || got["laptop"] != "hint" {
			w.Errorf("the sheet says %q", got)
		}
	})
}
