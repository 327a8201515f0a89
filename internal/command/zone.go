package command

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// zoneHorizon is how far ahead people are told of hand-offs that new zone data moves.
const zoneHorizon = 60 * 24 * time.Hour

// zoneLines is how many hand-offs a notice lists; it counts the others.
const zoneLines = 8

// ZoneDataChanged writes down that this node decides by fresh zones instead of old ones, tells the people whose hand-offs
// move within 60 days, and has live screens drawn again. It gives the hand-offs that move. What was decided stays as it
// was written; nothing that has happened happens again. Several nodes that take over the same data tell people once.
//
// Somebody with many hand-offs in one rotation gets one notice that lists them.
func (c *Commands) ZoneDataChanged(ctx context.Context, old, fresh *rota.Zones) (moved []rota.Moved, err error) {
	err = c.do(ctx, "ZoneDataChanged", muster.Engine(), func(call *Call) error {
		moved = call.movedHandoffs(old, fresh)
		for _, n := range call.zoneNotices(moved, old.Data(), fresh.Data()) {
			if err := call.notify(n); err != nil {
				return err
			}
		}
		call.Emit(store.Event{Topic: "zones"})
		call.Emit(store.Event{Topic: "now", Parts: []string{"catalog"}})
		return call.audit("ZoneDataChanged", "zonedata", map[string]string{
			"before": old.Data().String(), "after": fresh.Data().String(), "moved": strconv.Itoa(len(moved)), "node": c.Node,
		})
	})
	return moved, err
}

func (c *Call) movedHandoffs(old, fresh *rota.Zones) (out []rota.Moved) {
	for _, d := range c.Snap.Catalog.Documents(muster.KindRosters) {
		if r, ok := d.(*muster.Roster); ok {
			out = append(out, rota.MovedHandoffs(old, fresh, r, c.Now(), c.Now().Plus(zoneHorizon))...)
		}
	}
	return out
}

// zoneNotices makes the messages: one for each person and rotation.
func (c *Call) zoneNotices(moved []rota.Moved, old, fresh *rota.ZoneData) (out []muster.Notice) {
	type about struct {
		person   muster.UserName
		roster   muster.RosterName
		rotation string
	}
	var order []about
	mine := map[about][]rota.Moved{}
	for _, m := range moved {
		for _, u := range m.Concerns() {
			k := about{u, m.Roster, m.Rotation}
			if mine[k] == nil {
				order = append(order, k)
			}
			mine[k] = append(mine[k], m)
		}
	}
	for _, k := range order {
		list := mine[k]
		title := string(k.roster)
		if r := c.Snap.Catalog.Rosters[k.roster]; r != nil && r.Title != "" {
			title = r.Title
		}
		n := muster.Notice{
			Person: k.person, Kind: muster.NoticeZoneMoved, Ref: muster.DocRef(muster.KindRosters, string(k.roster)),
			URL:   "/oncall?roster=" + string(k.roster),
			Title: "A change of clocks moves your hand-off in " + title,
			Text:  c.zoneText(k.person, k.rotation, list, fresh),
			Key: strings.Join([]string{
				string(muster.NoticeZoneMoved), string(k.roster), k.rotation, string(k.person), old.Version(), fresh.Version(), stampOf(list[0].Was), stampOf(list[0].Is),
			}, "/"),
		}
		if len(list) > 1 {
			n.Title = fmt.Sprintf("A change of clocks moves %d of your hand-offs in %s", len(list), title)
		}
		out = append(out, n)
	}
	return out
}

// zoneText lists the hand-offs. On the clocks of the place they stay at the same o'clock, so UTC shows what changes.
func (c *Call) zoneText(u muster.UserName, rotation string, list []rota.Moved, fresh *rota.ZoneData) string {
	var t strings.Builder
	fmt.Fprintf(&t, "The rules of %s have changed (time zone data %s). In the rotation %s:\n", list[0].Zone, fresh.Version(), rotation)
	for _, m := range list[:min(len(list), zoneLines)] {
		what := "your shift ends"
		if slices.Contains(m.People, u) {
			what = "your shift begins"
		}
		fmt.Fprintf(&t, "- %s at %s UTC, not at %s UTC\n", what, m.Is.UTC().Format("Mon 2 Jan 15:04"), m.Was.UTC().Format("Mon 2 Jan 15:04"))
	}
	if more := len(list) - zoneLines; more > 0 {
		fmt.Fprintf(&t, "and %d more, all in the coming 60 days.\n", more)
	}
	t.WriteString("On the clocks there the hour stays the same.")
	return t.String()
}

func stampOf(at muster.Instant) string { return at.UTC().Format(time.RFC3339) }
