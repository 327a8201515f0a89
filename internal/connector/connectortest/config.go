package connectortest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

func (c Case) config(t *testing.T) {
	d := c.Descriptor
	if d.Kind == "" || d.Title == "" || d.Help == "" || d.New == nil {
		t.Errorf("the descriptor is not complete: %q, %q, %q", d.Kind, d.Title, d.Help)
	}
	for _, kind := range []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification} {
		if d.Address != "" && !slices.Contains(c.Takes, kind) && (!d.PagesOnly || kind == muster.DeliverPage) {
			t.Errorf("people are reached by it, so it must take each %s", kind)
		}
	}
	missing := paths(d.Check(nil, nil))
	for _, s := range d.Settings {
		where := "settings."
		if s.Secret {
			where = "secrets."
		}
		if s.Title == "" {
			t.Errorf("the setting %s has no title", s.Name)
		}
		if s.Required && s.Default == "" && !slices.Contains(missing, where+s.Name) {
			t.Errorf("nobody says that %s%s is missing: %v", where, s.Name, missing)
		}
	}
	b := c.start(t)
	if f := d.Check(b.Config.Settings, b.Config.Secrets); len(f) > 0 {
		t.Errorf("a good configuration is refused: %v", f)
	}
	if f := d.Check(with(b.Config.Settings, "colour", "red"), b.Config.Secrets); !slices.Contains(paths(f), "settings.colour") {
		t.Errorf("an unknown setting goes through: %v", f)
	}
	if f := d.Check(b.Config.Settings, with(b.Config.Secrets, "colour", "red")); !slices.Contains(paths(f), "secrets.colour") {
		t.Errorf("an unknown secret goes through: %v", f)
	}
	for path, value := range c.Bad {
		name := strings.TrimPrefix(path, "settings.")
		if f := d.Check(with(b.Config.Settings, name, value), b.Config.Secrets); !slices.Contains(paths(f), path) {
			t.Errorf("%s=%q goes through: %v", path, value, f)
		}
	}
	for name, value := range c.BadSecrets {
		cfg := b.Config
		cfg.Secrets = with(cfg.Secrets, name, value)
		_, err := d.Make(cfg)
		var e *muster.Error
		if !errors.As(err, &e) || !slices.Contains(paths(e.Fields), "secrets."+name) || strings.Contains(err.Error(), value) {
			t.Errorf("the secret %s=%q: %v", name, value, err)
		}
	}
	for _, a := range c.BadAddresses {
		if d.CheckAddress == nil || d.CheckAddress(a) == nil {
			t.Errorf("the address %q goes through", a)
		}
	}
	if d.CheckAddress != nil {
		if err := d.CheckAddress(b.Address); err != nil {
			t.Errorf("a good address is refused: %v", err)
		}
	}
}

func (c Case) capabilities(t *testing.T) {
	b := c.start(t)
	if got := b.conn.Kind(); got != c.Descriptor.Kind {
		t.Errorf("it calls itself %q", got)
	}
	var can []string
	if check, ok := b.conn.(connector.Checker); ok {
		can = append(can, "Checker")
		if err := check.Check(t.Context()); err != nil {
			t.Errorf("the check fails: %v", err)
		}
	}
	if _, ok := b.conn.(connector.Inbound); ok {
		can = append(can, "Inbound")
	}
	if _, ok := b.conn.(connector.Publisher); ok {
		can = append(can, "Publisher")
	}
	if _, ok := b.conn.(connector.RosterTable); ok {
		can = append(can, "RosterTable")
	}
	if _, ok := b.conn.(connector.CalendarFeed); ok {
		can = append(can, "CalendarFeed")
	}
	if _, ok := b.conn.(connector.Answerer); ok {
		can = append(can, "Answerer")
	}
	if _, ok := b.conn.(connector.ReceiptReader); ok {
		can = append(can, "ReceiptReader")
	}
	_, stops := b.conn.(connector.Stopper)
	if stops {
		can = append(can, "Stopper")
	}
	if stops != c.Descriptor.Stops {
		t.Errorf("it can stop: %v, and the descriptor says %v", stops, c.Descriptor.Stops)
	}
	if _, ok := b.conn.(connector.Checker); c.Descriptor.Address != "" && ok != (c.Descriptor.Checked != "") {
		t.Errorf("it can be checked: %v, and the descriptor says of that %q", ok, c.Descriptor.Checked)
	}
	if c.Descriptor.Room != "" && !slices.ContainsFunc(c.Descriptor.Settings, func(s connector.Setting) bool { return s.Name == c.Descriptor.Room && !s.Secret }) {
		t.Errorf("there is no setting %s for rooms", c.Descriptor.Room)
	}
	if !slices.Equal(can, c.Can) {
		t.Errorf("it can %v and claims %v", can, c.Can)
	}
}

func paths(f []muster.FieldError) (out []string) {
	for _, e := range f {
		out = append(out, e.Path)
	}
	return out
}

func with(m map[string]string, k, v string) map[string]string {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]string{}
	}
	out[k] = v
	return out
}
