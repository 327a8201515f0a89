package event_test

import (
	"testing"

	"github.com/muster-oncall/muster/internal/event"
	"github.com/muster-oncall/muster/internal/store"
)

func TestSubscribersGetTheirTopicsInOrder(t *testing.T) {
	bus := event.New()
	room := bus.Subscribe("incident:1", "now")
	other := bus.Subscribe("incident:2")
	bus.Publish([]store.Event{{Topic: "incident:1", Seq: 1}, {Topic: "now"}, {Topic: "incident:1", Seq: 2}})
	<-room.C
	got, missed := room.Take()
	if missed || len(got) != 3 || got[0].Seq != 1 || got[2].Seq != 2 {
		t.Fatalf("the room got %+v, missed %v", got, missed)
	}
	if got, _ := other.Take(); len(got) != 0 {
		t.Fatalf("somebody who did not ask got %+v", got)
	}
	room.Close()
	room.Close()
	bus.Publish([]store.Event{{Topic: "now"}})
	if got, _ := room.Take(); len(got) != 0 {
		t.Fatalf("a closed subscription got %+v", got)
	}
}

func TestASlowSubscriberIsToldThatItMissedSomething(t *testing.T) {
	bus := event.New()
	slow := bus.Subscribe("now")
	for range 2000 {
		bus.Publish([]store.Event{{Topic: "now"}})
	}
	got, missed := slow.Take()
	if !missed || len(got) > 1000 {
		t.Fatalf("2,000 events left %d behind, missed %v: memory must be bounded and the loss told", len(got), missed)
	}
	if _, missed := slow.Take(); missed {
		t.Fatal("the loss was told twice")
	}
}

func TestSubscribersAreToldThatHintsMayBeMissing(t *testing.T) {
	bus := event.New()
	before := bus.Mark()
	room := bus.Subscribe("incident:1", "now")
	bus.Missed()
	<-room.C
	if got, missed := room.Take(); !missed || len(got) != 0 {
		t.Fatalf("the room got %+v, missed %v", got, missed)
	}
	if bus.Mark() == before {
		t.Error("who loaded before would not read again")
	}
}

func TestTheMarkTellsThatSomethingHappened(t *testing.T) {
	bus, other := event.New(), event.New()
	before := bus.Mark()
	if bus.Mark() != before {
		t.Error("the mark moved though nothing happened")
	}
	bus.Publish([]store.Event{{Topic: "now"}})
	if bus.Mark() == before {
		t.Error("the mark stands though something happened")
	}
	other.Publish([]store.Event{{Topic: "now"}})
	if bus.Mark() == other.Mark() {
		t.Error("two buses have the same mark")
	}
}
