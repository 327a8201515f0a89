package muster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Instant is a moment in UTC, cut to microseconds: what a store keeps as a BIGINT. Its JSON is RFC 3339 in UTC; the zero
// instant is null.
type Instant struct{ time.Time }

// At cuts t to an instant.
func At(t time.Time) Instant {
	if t.IsZero() {
		return Instant{}
	}
	return Instant{t.UTC().Truncate(time.Microsecond)}
}

// FromMicros is the reverse of [Instant.Micros]; 0 is the zero instant.
func FromMicros(us int64) Instant {
	if us == 0 {
		return Instant{}
	}
	return Instant{time.UnixMicro(us).UTC()}
}

// Micros is the instant as microseconds since 1970, 0 for the zero instant.
func (i Instant) Micros() int64 {
	if i.IsZero() {
		return 0
	}
	return i.UnixMicro()
}

// Plus is the instant d later.
func (i Instant) Plus(d time.Duration) Instant { return At(i.Add(d)) }

// The first and the last instant that RFC 3339 can write, as microseconds.
const (
	firstWritten = -62_167_219_200_000_000
	lastWritten  = 253_402_300_799_999_999
)

// MarshalJSON gives RFC 3339 with microseconds as far as needed, null for the zero instant. What lies outside of the years 0
// to 9999 becomes their first or last instant: a document with what nobody can read would lock everybody out.
func (i Instant) MarshalJSON() ([]byte, error) {
	return i.AppendJSON(make([]byte, 0, 32)), nil
}

// AppendJSON appends what MarshalJSON gives, for who writes many of them.
func (i Instant) AppendJSON(b []byte) []byte {
	if i.IsZero() {
		return append(b, "null"...)
	}
	if us := i.UnixMicro(); us < firstWritten || us > lastWritten {
		i = FromMicros(min(max(us, firstWritten), lastWritten))
	}
	return append(i.UTC().AppendFormat(append(b, '"'), "2006-01-02T15:04:05.999999Z"), '"')
}

// UnmarshalJSON accepts RFC 3339 with any offset, null and "".
func (i *Instant) UnmarshalJSON(b []byte) error {
	if n := len(b) - 1; n > 1 && b[0] == '"' && b[n] == '"' && bytes.IndexByte(b, '\\') < 0 {
		return i.UnmarshalText(b[1:n]) // what a store reads all day
	}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a time is written like \"2026-11-27T03:12:40Z\"")
	}
	if s == nil || *s == "" {
		*i = Instant{}
		return nil
	}
	return i.UnmarshalText([]byte(*s))
}

// UnmarshalText accepts RFC 3339 with any offset.
func (i *Instant) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("%q is not a time: write it like 2026-11-27T03:12:40Z, with a zone", Clip(string(b), 40))
	}
	if us := t.UnixMicro(); us < firstWritten || us > lastWritten { // by its offset, as in 9999-12-31T23:00:00-05:00
		return fmt.Errorf("%q is not within the years 0 to 9999 in UTC", Clip(string(b), 40))
	}
	*i = At(t)
	return nil
}

// Duration is a length of time in documents and in the API: "90s", "5m", "36h", "3d", "2w". A day is 24 hours.
type Duration time.Duration

// ParseDuration reads Go's notation and whole days and weeks in front: "1d12h", "2w". Negative lengths are refused.
func ParseDuration(s string) (Duration, error) {
	in := strings.TrimSpace(s)
	bad := func() (Duration, error) {
		return 0, fmt.Errorf("%q is not a length of time: write it like 90s, 5m, 36h, 3d or 2w", Clip(s, 40))
	}
	var total time.Duration
	rest := in
	for _, u := range []struct {
		unit byte
		len  time.Duration
	}{{'w', 7 * 24 * time.Hour}, {'d', 24 * time.Hour}} {
		if i := strings.IndexByte(rest, u.unit); i >= 0 {
			n, err := strconv.ParseUint(rest[:i], 10, 16)
			if err != nil {
				return bad()
			}
			total += time.Duration(n) * u.len
			rest = rest[i+1:]
		}
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return bad()
		}
		total += d
	} else if in == "" {
		return bad()
	}
	return Duration(total), nil
}

// Std is the length as Go's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the shortest notation that [ParseDuration] reads back: "5m", "3d", "1h30m".
func (d Duration) String() string {
	t := time.Duration(d)
	if t == 0 {
		return "0s"
	}
	var b strings.Builder
	if days := t / (24 * time.Hour); days > 0 {
		fmt.Fprintf(&b, "%dd", days)
		t -= days * 24 * time.Hour
	}
	if h := t / time.Hour; h > 0 {
		fmt.Fprintf(&b, "%dh", h)
		t -= h * time.Hour
	}
	if m := t / time.Minute; m > 0 {
		fmt.Fprintf(&b, "%dm", m)
		t -= m * time.Minute
	}
	if t > 0 {
		b.WriteString(t.String())
	}
	return b.String()
}

// MarshalText gives [Duration.String].
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [ParseDuration] reads.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := ParseDuration(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
