package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

func TestPagingAnExpertFromTheWeb(t *testing.T) {
	w := newWorld(t)
	w.must(w.commands.Batch(t.Context(), "Experts", admin(), func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: `
kind: roster
name: advisers
title: Advisers
team: storefront
topics:
  - {name: weather, title: Rain and snow, experts: [ravi], fallback: [{user: ana}]}
`})
	}))
	p := w.as("ana")
	p.get("/oncall/experts").want(t, 200, "Rain and snow", "Ravi Patel", "Asked now", "Fallback: Ana Rossi")

	room := p.post("/declare", "title", "Checkout hangs", "severity", "SEV2", "service", "checkout").want(t, 200, "Page an expert").at
	p.post(room+"/expert", "topic", "waether").want(t, http.StatusUnprocessableEntity, "did you mean")
	p.post(room+"/expert", "topic", "weather", "text", "it snows").want(t, 200, "Muster pages Ravi Patel", "expert for Rain and snow")
	alerts := w.room(muster.IncidentKey(strings.TrimPrefix(room, "/i/"))).Items
	if len(alerts) != 1 || alerts[0].Alert.Status != muster.AlertOpen {
		t.Fatalf("the room has the alerts %+v", alerts)
	}
	self := "/a/" + string(alerts[0].Alert.ID)
	p.get(self).want(t, 200, "Checkout hangs", "Page an expert", "which had no open alert")
	p.post(self+"/expert", "topic", "weather").want(t, 200, "The expert is paged")
	if got := w.as("vera").get(self); strings.Contains(got.body, "Page an expert") {
		t.Error("somebody who may only look is offered to page an expert")
	}
}
