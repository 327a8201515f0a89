package rota

import (
	"sync"
	"time"

	"github.com/muster-oncall/muster"
)

// Zones remembers loaded time zones, because loading one takes longer than answering who is on call. The caller makes
// one and passes it everywhere; it may be used at the same time by many.
type Zones struct{ loaded sync.Map }

// NewZones returns an empty memory of zones.
func NewZones() *Zones { return &Zones{} }

// Load returns a zone by the name of a place, or UTC. It refuses what [muster.CheckZone] refuses: names that mean
// something else on each machine, or that ignore summer time.
func (z *Zones) Load(name string) (*time.Location, error) {
	if v, ok := z.loaded.Load(name); ok {
		if loc, ok := v.(*time.Location); ok {
			return loc, nil
		}
	}
	if wrong := muster.CheckZone("zone", name); len(wrong) > 0 {
		return nil, &muster.Error{Code: muster.ErrInvalid, Message: wrong[0].Message, Fields: wrong}
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, muster.WrapError(muster.ErrInvalid, err, "the time zone %q cannot be loaded", muster.Clip(name, 40))
	}
	z.loaded.Store(name, loc)
	return loc, nil
}
