package command_test

import (
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

const tableConnector = "kind: connector\nname: table\ntype: azure-table\n"

// calendarMatrix is the part of the matrix about schedules and other tools.
func calendarMatrix() map[string]cell {
	return map[string]cell{
		"CreateFeed": {also: owners, in: func(*world, muster.Actor) any { return &command.CreateFeed{Roster: "storefront"} }},
		"RevokeFeed": {also: self, in: func(w *world, _ muster.Actor) any {
			return &command.RevokeFeed{Feed: must[*command.NewFeed](w, w.as("ana"), "CreateFeed", command.CreateFeed{Person: "rob"}).ID}
		}},
		"ImportShifts": {also: owners, in: func(w *world, _ muster.Actor) any {
			w.serial++
			return &command.ImportShifts{
				Roster: "storefront", Rotation: fmt.Sprintf("r-%d", w.serial), Body: "roster,person,from,until\nstorefront,rob,2030-01-01 09:00,2030-01-02 09:00\n",
			}
		}},
		"ExportRoster": {also: owners, in: func(w *world, _ muster.Actor) any {
			w.put(tableConnector)
			return &command.ExportRoster{Roster: "storefront", Connector: "table"}
		}},
		"ImportRoster": {also: owners, in: func(w *world, _ muster.Actor) any {
			w.put(tableConnector)
			return &command.ImportRoster{Roster: "storefront", Connector: "table", Rotation: "table"}
		}},
		"AddLeave": {also: self, in: func(*world, muster.Actor) any {
			return &command.AddLeave{User: "rob", From: "2030-01-01", Until: "2030-01-07"}
		}},
		"RemoveLeave": {also: self, in: func(w *world, _ muster.Actor) any {
			return &command.RemoveLeave{Leave: must[*muster.Leave](w, w.as("ana"), "AddLeave", command.AddLeave{User: "rob", From: "2030-01-01", Until: "2030-01-07"}).ID}
		}},
		"RefreshCalendars": {in: func(*world, muster.Actor) any { return &muster.Nothing{} }},
	}
}
