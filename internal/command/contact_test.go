package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/store"
)

func TestContactMethods(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: connector\nname: hook\ntype: webhook\n")
		add := command.AddContact{User: "rob", Method: "pager", Connector: "hook", Address: "https://phone.example.org/rob"}
		ct := must[*muster.Contact](w, w.as("rob"), "AddContact", add)
		if !ct.VerifiedAt.IsZero() || strings.Contains(string(ct.Sealed), "phone.example.org") || ct.Hint != "hint" {
			w.Errorf("what a person adds is %+v: verified by nobody, sealed, with a hint", ct)
		}
		if got, err := w.commands.Address(ct); err != nil || got != add.Address {
			w.Errorf("the address opens as %q: %v", got, err)
		}
		moved := *ct
		moved.ID = "con_other"
		if _, err := w.commands.Address(&moved); err == nil {
			w.Error("a sealed address opens in another row")
		}
		refused[*muster.Contact](w, muster.ErrConflict, w.as("rob"), "AddContact", add)
		add.Method, add.Connector = "other", "none"
		refused[*muster.Contact](w, muster.ErrInvalid, w.as("rob"), "AddContact", add)
		add.Connector, add.Address = "hook", "nowhere"
		refused[*muster.Contact](w, muster.ErrInvalid, w.as("rob"), "AddContact", add)
		add.Address, add.Method = "x", "A Method"
		refused[*muster.Contact](w, muster.ErrInvalid, w.as("rob"), "AddContact", add)
		add.Method, add.User = "pager", "olga"
		refused[*muster.Contact](w, muster.ErrForbidden, w.as("rob"), "AddContact", add)
		if by := must[*muster.Contact](w, w.as("ana"), "AddContact", add); !by.VerifiedAt.IsZero() {
			w.Error("what an admin adds is verified, and nobody has tried it")
		}
		add.User, add.Method, add.Verified = "rob", "spare", true
		refused[*muster.Contact](w, muster.ErrForbidden, w.as("rob"), "AddContact", add)
		add.User = "olga"
		if by := must[*muster.Contact](w, w.as("ana"), "AddContact", add); by.VerifiedAt.IsZero() {
			w.Error("what an admin answers for is not verified")
		}
		log := read(w, func(r store.Reader) ([]*muster.AuditEntry, error) { return r.Audit(store.List{Limit: 2}) })
		if log[0].Op != "add contact" || log[0].Facts["verified"] == "" || log[1].Facts["verified"] != "" {
			w.Errorf("the security log says %+v and before that %+v", log[0], log[1])
		}
		refused[muster.Nothing](w, muster.ErrForbidden, w.as("olga"), "RemoveContact", command.RemoveContact{Contact: ct.ID})
		must[muster.Nothing](w, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: ct.ID})
		refused[muster.Nothing](w, muster.ErrNotFound, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: ct.ID})
		for i := range 8 {
			must[*muster.Contact](w, w.as("rob"), "AddContact", command.AddContact{User: "rob", Method: fmt.Sprintf("m-%d", i), Connector: "phone"})
		}
		refused[*muster.Contact](w, muster.ErrConflict, w.as("rob"), "AddContact", command.AddContact{User: "rob", Method: "eleventh", Connector: "phone"})
	})
}

// I27: only verified methods are used.
func TestAnUnverifiedMethodIsNotUsed(t *testing.T) {
	bubble(t, func(w *world) {
		w.put("kind: connector\nname: hook\ntype: webhook\n")
		must[*muster.Contact](w, w.as("rob"), "AddContact", command.AddContact{User: "rob", Method: "pager", Connector: "hook", Address: "x"})
		for _, p := range w.pages(w.fire("cart")) {
			if p.Method == "pager" {
				w.Error("Rob is paged by a method that nobody verified")
			}
		}
	})
}

func TestATestMessage(t *testing.T) {
	bubble(t, func(w *world) {
		w.start()
		must[muster.Nothing](w, w.as("olga"), "TestConnector", command.TestConnector{Connector: "phone"})
		pass(time.Second)
		got := read(w, func(r store.Reader) ([]*muster.Delivery, error) { return r.DeliveriesBy("phone", store.List{}) })
		if len(got) != 1 || got[0].State != muster.DeliveryDone || got[0].Kind != muster.DeliverNotification {
			w.Errorf("the connector's deliveries are %+v", got)
		}
		refused[muster.Nothing](w, muster.ErrForbidden, w.as("olga"), "TestConnector", command.TestConnector{Connector: "mail"}) // no team's
		refused[muster.Nothing](w, muster.ErrNotFound, w.as("ana"), "TestConnector", command.TestConnector{Connector: "none"})
	})
}

func TestSecretsAreSealed(t *testing.T) {
	bubble(t, func(w *world) {
		must[muster.Nothing](w, w.as("ana"), "PutSecret", command.PutSecret{Name: "token", Value: "very secret\x00"})
		sealed := read(w, func(r store.Reader) ([]byte, error) { return r.Secret("token") })
		if strings.Contains(string(sealed), "very secret") {
			w.Error("a secret lies open in the store")
		}
		if v, err := w.commands.SecretValue(w.Context(), "token"); err != nil || v != "very secret\x00" {
			w.Errorf("it opens as %q: %v", v, err)
		}
		if v, err := w.commands.SecretValue(w.Context(), "none"); err != nil || v != "" {
			w.Errorf("one that is not there: %q, %v", v, err)
		}
		// Sealed for its name, it does not open under another.
		w.ok(w.db.Write(w.Context(), store.LanePeople, "Swap", func(tx store.Tx) error { return tx.PutSecret("other", sealed) }))
		if v, err := w.commands.SecretValue(w.Context(), "other"); err == nil {
			w.Errorf("it opens under another name as %q", v)
		}
		refused[muster.Nothing](w, muster.ErrInvalid, w.as("ana"), "PutSecret", command.PutSecret{Name: "A Name", Value: "x"})
	})
}

// The last method by which somebody is reached is removed with a word alone, and those whom it concerns are told.
func TestTheGateGuardsTheLastContactMethod(t *testing.T) {
	bubble(t, func(w *world) {
		w.put(lone)
		w.put(shifts("rob"))
		have := read(w, func(r store.Reader) (map[muster.UserName][]muster.Contact, error) {
			return r.ContactsOf([]muster.UserName{"rob"})
		})["rob"]
		if len(have) < 2 {
			t.Fatalf("Rob has %d methods", len(have))
		}
		for _, ct := range have[1:] { // one is left
			must[muster.Nothing](w, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: ct.ID})
		}
		_, err := do[muster.Nothing](w, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: have[0].ID})
		w.gated(err, "Shopping cart", "Rob would be", "add another contact method first")
		_, err = do[muster.Nothing](w, w.as("ana"), "RemoveContact", command.RemoveContact{Contact: have[0].ID})
		w.gated(err)
		refused[muster.Nothing](w, muster.ErrInvalid, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: have[0].ID, Accept: "yes"})
		must[muster.Nothing](w, w.as("rob"), "RemoveContact", command.RemoveContact{Contact: have[0].ID, Accept: "reaches-nobody"})
		for who, title := range map[muster.UserName]string{"rob": "You cannot be paged any more", "olga": "Rob cannot be paged any more"} {
			list := read(w, func(r store.Reader) ([]*muster.Notice, error) { return r.Notices(store.NoticeFilter{Person: who}) })
			if !slices.ContainsFunc(list, func(n *muster.Notice) bool { return n.Title == title }) {
				t.Errorf("%s is not told: %q", who, title)
			}
		}
	})
}
