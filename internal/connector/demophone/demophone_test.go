package demophone_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/connectortest"
	"github.com/muster-oncall/muster/internal/connector/demophone"
)

func TestConformance(t *testing.T) {
	connectortest.Run(t, connectortest.Case{
		Descriptor: demophone.Descriptor(),
		Start: func(*testing.T) connectortest.World {
			return connectortest.World{Config: connector.Config{Name: "phone"}, Address: "Ana's phone"}
		},
		Takes: []muster.DeliveryKind{muster.DeliverPage, muster.DeliverNotification},
		Can:   []string{"Checker"},
	})
}

func TestRings(t *testing.T) {
	var heard string
	p := demophone.New(connector.Config{Ring: func(_ context.Context, person string, page connector.PageMessage) error {
		heard = fmt.Sprintf("%s: %s", person, page.Title)
		if page.Test {
			return errors.New("no browser is open")
		}
		return nil
	}})
	d := connector.Delivery{Key: "dlv_1", Kind: muster.DeliverPage, Page: &connector.PageMessage{Title: "High Number of Failures", Person: "Ana"}}
	if r, err := p.Deliver(t.Context(), d); err != nil || heard != "Ana: High Number of Failures" || r.ProviderID != "dlv_1" {
		t.Errorf("%q, %+v, %v", heard, r, err)
	}
	d.Page.Test = true
	if _, err := p.Deliver(t.Context(), d); err == nil || connector.IsPermanent(err) {
		t.Errorf("a phone that does not ring is a temporary failure: %v", err)
	}
}
