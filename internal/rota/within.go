package rota

import "github.com/muster-oncall/muster"

// Within reports whether a moment lies in one of the windows on the clocks of a zone, such as somebody's quiet hours, and
// until when that stays so; zero: for ever. The windows of rotations are computed alike. No windows hold no moment. The
// error says what cannot be read of the zone or of a window.
func Within(z *Zones, zone string, windows []muster.Window, at muster.Instant) (in bool, until muster.Instant, err error) {
	if len(windows) == 0 {
		return false, until, nil
	}
	loc, err := z.Load(zone)
	if err != nil {
		return false, until, err
	}
	h, err := newHours(windows)
	if err != nil || len(h) == 0 {
		return false, until, err
	}
	in, _, end := h.at(&layer{zone: loc}, at.Micros(), always, never)
	return in, instant(end), nil
}
