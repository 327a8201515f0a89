package command

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// testRef begins the reference of the test of a connector; who asked for it follows.
const testRef = "test/"

// tried keeps what a test came to, so that the buttons which ask for one can show it.
func (c *Call) tried(d *muster.Delivery, r DeliveryResult) error {
	if d.Kind != muster.DeliverNotification {
		return nil
	}
	key := ""
	if strings.HasPrefix(d.Ref, testRef) {
		key = muster.TriedKey(d.Connector)
	} else if id, ok := strings.CutPrefix(d.Ref, noticeRef); ok {
		n, err := c.Notice(muster.NoticeID(id))
		if muster.CodeOf(err) == muster.ErrNotFound || err == nil && !n.Kind.Tries() {
			return nil
		}
		if err != nil {
			return err
		}
		key = muster.TriedKey(muster.ContactID(n.Ref))
		c.emitNotices(n.Person)
	}
	if key == "" {
		return nil
	}
	b, err := json.Marshal(muster.Tried{
		At: muster.At(r.At), By: d.Connector, OK: r.Accepted, Again: d.State == muster.DeliveryPlanned, Detail: muster.CleanLine(r.Detail, 300),
	})
	if err != nil {
		return err
	}
	c.Emit(store.Event{Topic: "now", Parts: []string{"list"}})
	return c.SetMeta(key, string(b))
}

// TestConnector tries a connector out, as far as that can be done without a person's address. What it came to is shown with
// the connector.
type TestConnector struct {
	Connector muster.ConnectorName `json:"connector" path:"connector" arg:"1" doc:"the connector"`
}

func (c *Call) testConnector(in TestConnector) (muster.Nothing, error) {
	conn := c.Snap.Catalog.Connectors[in.Connector]
	if conn == nil {
		return muster.Nothing{}, muster.Errorf(muster.ErrNotFound, "There is no connector called %q.", in.Connector)
	}
	if err := c.mustOwn(conn.Team, "the connector "+string(conn.Name)); err != nil {
		return muster.Nothing{}, err
	}
	if can := c.does(conn); can.Address != "" && can.Checked == "" && (can.Room == "" || conn.Settings[can.Room] == "") {
		return muster.Nothing{}, muster.Errorf(muster.ErrConflict,
			"%s (%s) cannot be asked without sending something to somebody: send a test to a contact method that uses it.", conn.Name, conn.Kind)
	}
	d := &muster.Delivery{
		ID: id[muster.DeliveryID](c), Kind: muster.DeliverNotification, Connector: in.Connector, Ref: testRef + string(c.Actor.User),
		State: muster.DeliveryPlanned, DueAt: c.Now(), CreatedAt: c.Now(),
	}
	c.leaseIfDue(d)
	if err := c.InsertDeliveries([]*muster.Delivery{d}); err != nil {
		return muster.Nothing{}, err
	}
	c.emitDelivery(d, nil)
	return muster.Nothing{}, c.audit("test connector", string(in.Connector), nil)
}

// TestWords say what is known after a connector was asked and found nothing wrong, without sending anything.
func (c *Commands) TestWords(name muster.ConnectorName) (words string, room bool) {
	doc := c.Live.Current().Catalog.Connectors[name]
	can := c.does(doc)
	if doc == nil || can.Address == "" {
		return "", false
	}
	if can.Room != "" && doc.Settings[can.Room] != "" {
		return "", true
	}
	if can.Checked == "" {
		return "", false
	}
	return fmt.Sprintf("Nothing was sent. Known now: %s. Not known: whether a person is reached. A contact method has a test of its own for that.", can.Checked), false
}
