package command

import "github.com/muster-oncall/muster"

// calendarTable is every operation that connects schedules with other tools. It is a part of [Commands.Ops].
func (c *Commands) calendarTable() []muster.Op {
	const responder = muster.AccessResponder
	return []muster.Op{
		op(c, muster.Op{Name: "CreateFeed", Summary: "Make an address at which calendar programs read shifts", Access: responder, Path: "/feeds", CLI: "feed create", Status: 201}, (*Call).createFeed),
		op(c, muster.Op{Name: "RevokeFeed", Summary: "End a calendar feed", Access: responder, Method: "DELETE", Path: "/feeds/{feed}", CLI: "feed revoke", Status: 204}, (*Call).revokeFeed),
		op(c, muster.Op{Name: "ImportShifts", Summary: "Make or replace a rotation by the shifts of a file", Access: responder, Path: "/rosters/{roster}/shifts", CLI: ""}, (*Call).importShifts),
		op(c, muster.Op{Name: "ExportRoster", Summary: "Write a roster into a table kept outside", Access: responder, Path: "/rosters/{roster}/export", CLI: "roster publish"}, (*Call).exportRoster),
		op(c, muster.Op{Name: "ImportRoster", Summary: "Make or replace a rotation by a table kept outside", Access: responder, Path: "/rosters/{roster}/import", CLI: "roster fetch"}, (*Call).importRoster),
		op(c, muster.Op{Name: "AddLeave", Summary: "Say when a person is away", Access: responder, Path: "/users/{user}/leave", CLI: "leave add", Status: 201}, (*Call).addLeave),
		op(c, muster.Op{Name: "RemoveLeave", Summary: "Take leave back that was entered by hand", Access: responder, Method: "DELETE", Path: "/leave/{leave}", CLI: "leave remove", Status: 204}, (*Call).removeLeave),
		op(c, muster.Op{Name: "RefreshCalendars", Summary: "Fetch the calendars of leave and holidays now", Access: responder, Path: "/calendars/refresh", CLI: "calendars refresh"}, (*Call).refreshCalendars),
	}
}
