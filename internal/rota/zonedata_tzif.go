package rota

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// tzHeader is the length of the header of a TZif file (RFC 9636), which comes twice from version 2 on.
const tzHeader = 44

// tzCounts are the counts of a header, in the order of the file.
type tzCounts struct{ ut, std, leap, times, types, chars int }

// size is the length of the block that follows, with so many bytes for an instant.
func (c tzCounts) size(instant int) int {
	return c.times*(instant+1) + c.types*6 + c.chars + c.leap*(instant+4) + c.std + c.ut
}

func readCounts(b []byte) (c tzCounts, err error) {
	if len(b) < tzHeader || string(b[:4]) != "TZif" {
		return c, errors.New("it is not in the format of compiled time zones")
	}
	for i, p := range []*int{&c.ut, &c.std, &c.leap, &c.times, &c.types, &c.chars} {
		n := binary.BigEndian.Uint32(b[20+4*i:])
		if n > maxZoneBytes {
			return c, errors.New("it states more than it can hold")
		}
		*p = int(n)
	}
	return c, nil
}

// checkTZif says why a compiled zone cannot be used. The runtime reads any bytes without harm, but its answers are those of
// the bytes: with changes out of order, a walk from one to the next might never end, and offsets beyond [reach] would hide
// a local time from [Resolve].
func checkTZif(name string, b []byte) error {
	c, err := readCounts(b)
	if err != nil {
		return err
	}
	body, instant := b[tzHeader:], 4
	if b[4] >= '2' { // the first block is for old readers
		if len(body) < c.size(4) {
			return errors.New("it is cut off")
		}
		body = body[c.size(4):]
		if c, err = readCounts(body); err != nil {
			return err
		}
		body, instant = body[tzHeader:], 8
	}
	switch {
	case len(body) < c.size(instant):
		return errors.New("it is cut off")
	case c.types == 0:
		return errors.New("it has no offset")
	case c.leap > 0:
		return errors.New("it counts leap seconds, which clocks do not: use the data without them, not the one below right/")
	}
	last, at := int64(0), body
	for i := range c.times {
		t := int64(int32(binary.BigEndian.Uint32(at))) //nolint:gosec // the format's own two's complement
		if instant == 8 {
			t = int64(binary.BigEndian.Uint64(at)) //nolint:gosec // the format's own two's complement
		}
		if i > 0 && t <= last {
			return errors.New("its changes are out of order")
		}
		last, at = t, at[instant:]
	}
	for range c.times {
		if int(at[0]) >= c.types {
			return errors.New("it names an offset that it does not have")
		}
		at = at[1:]
	}
	for range c.types {
		off := int32(binary.BigEndian.Uint32(at)) //nolint:gosec // the format's own two's complement
		if off > reach || off < -reach {
			return fmt.Errorf("it is %d seconds from UTC, more than any place ever was", off)
		}
		at = at[6:]
	}
	loc, err := time.LoadLocationFromTZData(name, b)
	if err != nil {
		return err
	}
	return checkFuture(loc)
}

// checkFuture walks the years that the rule at the end of the file makes.
func checkFuture(loc *time.Location) error {
	const until = 4102444800                             // 2100
	for at, n := int64(2114380800), 0; at < until; n++ { // 2037
		t := time.Unix(at, 0).In(loc)
		if _, off := t.Zone(); off > reach || off < -reach {
			return fmt.Errorf("its rule is %d seconds from UTC, more than any place ever was", off)
		}
		_, end := zoneBounds(t)
		if end.IsZero() {
			return nil
		}
		if end.Unix() <= at || n > 4000 {
			return errors.New("its rule for the future makes no sense")
		}
		at = end.Unix()
	}
	return nil
}
