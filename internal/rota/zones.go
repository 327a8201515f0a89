package rota

import (
	"sync"
	"time"

	"github.com/muster-oncall/muster"
)

// Zones remembers loaded time zones, because loading one takes longer than answering who is on call. The caller makes
// one and passes it everywhere; it may be used at the same time by many.
//
// Zones come from the data that Muster carries or was given, never from the machine or from the Go runtime: so every node
// answers alike, and a new rule does not wait for a new version of either.
type Zones struct {
	data   *ZoneData
	loaded sync.Map
}

// NewZones returns an empty memory of the zones that Muster carries.
func NewZones() *Zones { return NewZonesFrom(BuiltInZones()) }

// NewZonesFrom returns an empty memory of the zones of data.
func NewZonesFrom(data *ZoneData) *Zones { return &Zones{data: data} }

// Data is what the zones are read from.
func (z *Zones) Data() *ZoneData { return z.data }

// Load returns a zone by the name of a place, or UTC. It refuses what [muster.CheckZone] refuses, names that mean
// something else on each machine or that ignore summer time, and names that the data does not have.
func (z *Zones) Load(name string) (*time.Location, error) {
	if v, ok := z.loaded.Load(name); ok {
		if loc, ok := v.(*time.Location); ok {
			return loc, nil
		}
	}
	if wrong := z.Check("zone", name); len(wrong) > 0 {
		return nil, &muster.Error{Code: muster.ErrInvalid, Message: wrong[0].Message, Fields: wrong}
	}
	loc, err := z.data.load(name)
	if err != nil {
		return nil, muster.WrapError(muster.ErrInvalid, err, "the time zone %q cannot be loaded", muster.Clip(name, 40))
	}
	z.loaded.Store(name, loc)
	return loc, nil
}

// Check says what is wrong with the name of a zone: its form, or that the data does not have it.
func (z *Zones) Check(path, name string) []muster.FieldError {
	if wrong := muster.CheckZone(path, name); len(wrong) > 0 {
		return wrong
	}
	if !z.data.Has(name) {
		return []muster.FieldError{muster.UnknownZone(path, name)}
	}
	return nil
}
