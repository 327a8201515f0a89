package command

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// The auditor's own rows.
const (
	metaProbe     = "auditor/probe"
	metaHeartbeat = "auditor/heartbeat"
	probeRef      = "auditor"
)

// Probe writes something that commits, in the lane of intake, and a timer that the engine has to fire: so the auditor sees
// that both still work.
func (c *Commands) Probe(ctx context.Context) error {
	return c.Store.Write(ctx, store.LaneIntake, "Probe", func(tx store.Tx) error {
		have, err := tx.TimersOf(probeRef)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			t := muster.Timer{ID: muster.NewID[muster.TimerID](c.IDs, tx.Now().Time), Kind: muster.TimerProbe, Ref: probeRef, DueAt: tx.Now()}
			if err := tx.InsertTimers([]muster.Timer{t}); err != nil {
				return err
			}
			tx.Emit(store.Event{Topic: "timers", Due: t.DueAt})
		}
		return tx.SetMeta(metaProbe, tx.Now().Format(time.RFC3339Nano))
	})
}

// TellAdmins tells every admin what the auditor found: once for each beginning of it.
func (c *Commands) TellAdmins(ctx context.Context, kind, text string, since muster.Instant) error {
	return c.do(ctx, "TellAdmins", muster.Engine(), func(call *Call) error {
		for _, u := range call.admins() {
			if err := call.notify(muster.Notice{
				Person: u, Kind: muster.NoticeAuditor, Title: "Muster itself: " + kind, Text: text, Ref: kind,
				Key: "auditor/" + kind + "/" + since.Format(time.RFC3339Nano), URL: "/settings/audit",
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *Call) admins() []muster.UserName { return Admins(c.Snap.Catalog) }

// Admins lists the admins of a catalog who have not left, in order.
func Admins(cat *muster.Catalog) (out []muster.UserName) {
	for name, u := range cat.Users {
		if u.Access == muster.AccessAdmin && !u.Disabled {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// SetHeartbeat sets where Muster tells somebody outside that all is well.
type SetHeartbeat struct {
	URL   string          `json:"url" arg:"1" doc:"the address that a watchdog of another party gave you; empty: no heartbeat"`
	Every muster.Duration `json:"every,omitempty" doc:"how often: 1m when empty; at least 15s"`
}

// The bounds of a heartbeat's period.
const (
	beatDefault = time.Minute
	beatLeast   = 15 * time.Second
	beatMost    = time.Hour
)

func (c *Call) setHeartbeat(in SetHeartbeat) (SetHeartbeat, error) {
	in.URL = strings.TrimSpace(in.URL)
	if in.Every == 0 {
		in.Every = muster.Duration(beatDefault)
	}
	var wrong []muster.FieldError
	if u, err := url.Parse(in.URL); in.URL != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http")) {
		wrong = append(wrong, muster.FieldError{Path: "url", Message: "write an address like https://watchdog.example/ping/…, or nothing"})
	}
	if d := in.Every.Std(); d < beatLeast || d > beatMost {
		wrong = append(wrong, muster.FieldError{Path: "every", Message: "take something from 15s to 1h: 1m"})
	}
	if err := muster.Invalid("The heartbeat cannot be set", wrong); err != nil {
		return in, err
	}
	b, err := json.Marshal(in)
	if err != nil {
		return in, err
	}
	// The address is a secret of a kind: who knows it can keep the watchdog quiet.
	if err := c.SetMeta(metaHeartbeat, string(b)); err != nil {
		return in, err
	}
	host := ""
	if u, err := url.Parse(in.URL); err == nil {
		host = u.Host
	}
	return in, c.audit("set heartbeat", host, map[string]string{"every": in.Every.String()})
}

// ReadHeartbeat reads where heartbeats go.
func ReadHeartbeat(r store.MetaReader) (out SetHeartbeat, err error) {
	text, err := r.Meta(metaHeartbeat)
	if err != nil || text == "" {
		return out, err
	}
	return out, json.Unmarshal([]byte(text), &out)
}

// auditorTable is every operation of the auditor. It is a part of [Commands.Ops].
func (c *Commands) auditorTable() []muster.Op {
	return []muster.Op{
		op(c, muster.Op{Name: "SetHeartbeat", Summary: "Set where Muster tells somebody outside that all is well", Access: muster.AccessAdmin, Method: "PUT", Path: "/heartbeat", CLI: "heartbeat set"}, (*Call).setHeartbeat),
		op(c, muster.Op{Name: "SetPageTest", Summary: "Set when everybody gets a test page every week, or that nobody does", Access: muster.AccessAdmin, Method: "PUT", Path: "/pagetests", CLI: "pagetest set"}, (*Call).setPageTest),
		op(c, muster.Op{Name: "PrintCallSheet", Summary: "Make the call sheet with addresses in full; the security log tells who did", Access: muster.AccessAdmin, Path: "/callsheet/numbers"}, (*Call).printCallSheet),
	}
}
