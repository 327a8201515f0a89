package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/query"
)

// Feeds gives calendar feeds by the token in their address. *query.Queries is one.
type Feeds interface {
	ReadFeed(ctx context.Context, token, base string) ([]byte, error)
}

// How often one feed, and one place, may ask within a minute. A calendar program comes every few minutes at most; who tries
// tokens comes from one place with many.
const (
	feedRate  = 30
	placeRate = 300
)

// calendarDoor serves calendar feeds. There is no signing in: whoever knows the address reads the shifts.
type calendarDoor struct {
	a      *API
	feeds  *httpx.Limiter
	places *httpx.Limiter
}

func newCalendarDoor(a *API) *calendarDoor {
	return &calendarDoor{a: a, feeds: httpx.NewLimiter(feedRate, time.Minute, 10_000), places: httpx.NewLimiter(placeRate, time.Minute, 10_000)}
}

// ServeHTTP answers GET /cal/{token}.ics.
func (d *calendarDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "no-referrer")
	token, ok := strings.CutSuffix(r.PathValue("file"), ".ics")
	if b, err := hex.DecodeString(token); !ok || err != nil || len(b) != 16 || d.a.Feeds == nil {
		httpx.WriteError(w, r, muster.Errorf(muster.ErrNotFound, "There is no calendar at this address."))
		return
	}
	for _, err := range []error{d.places.Check(httpx.RemoteIP(r)), d.feeds.Check(token)} {
		if err != nil {
			httpx.WriteError(w, r, err)
			return
		}
	}
	body, err := d.a.Feeds.ReadFeed(r.Context(), token, strings.TrimRight(d.a.PublicURL, "/"))
	if muster.CodeOf(err) == muster.ErrNotFound {
		err = muster.Errorf(muster.ErrNotFound, "There is no calendar at this address: it was revoked, or never made.")
	}
	if err != nil {
		httpx.WriteError(w, r, err)
		return
	}
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, max-age=300")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", query.CalendarType)
	h.Set("Content-Disposition", `inline; filename="oncall.ics"`)
	_, _ = w.Write(body) // who has gone away misses nothing
}

// matches reports whether a header If-None-Match names a tag; weak ones compare like strong ones (RFC 9110, 13.1.2).
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}
