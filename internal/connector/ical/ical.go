// Package ical fetches calendars in iCalendar form: somebody's leave, or the public holidays of a place. It looks only
// whether what came is a calendar; what is in it is read by others.
//
// It imports connector, httpx, the standard library and the root package. It follows redirects as the egress client does,
// on one host; keeps nothing between fetches; and pages nobody.
package ical

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

// Kind is the kind's word in documents.
const Kind = "ical"

// maxBody is how large a calendar may be.
const maxBody = 2 << 20

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Calendar feed (iCal)",
		Help: "Reads leave or public holidays from a calendar's iCal address, so that shifts on days off are seen weeks ahead.",
		Settings: []connector.Setting{
			{Name: "kind", Title: "Kind of days", Help: "leave or holidays.", Default: string(connector.FeedLeave)},
			{Name: "person", Title: "Person", Help: "The user whose leave it is. Empty: each event says whose, by the e-mail address of an attendee or organizer, or by a summary that begins with the person's name."},
			{Name: "zone", Title: "Zone", Help: "Of days and times that name none: Europe/Berlin."},
			{Name: "url", Title: "Public address", Help: "Of a calendar that everybody may read. Begins with https:// or webcal://."},
			{Name: "url", Title: "Secret address", Help: "Whoever knows it reads the calendar: most calendars' iCal addresses are such.", Secret: true},
		},
		Validate: validate, Together: oneAddress, Calendar: true,
		New: func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

func validate(s map[string]string) (f []muster.FieldError) {
	wrong := func(name, message string) {
		f = append(f, muster.FieldError{Path: "settings." + name, Message: message})
	}
	kind := connector.FeedKind(s["kind"])
	if kind != "" && kind != connector.FeedLeave && kind != connector.FeedHolidays {
		wrong("kind", "must be leave or holidays")
	}
	if s["person"] != "" {
		if kind == connector.FeedHolidays {
			wrong("person", "must be empty: public holidays are nobody's leave")
		} else if len(muster.CheckName(s["person"])) > 0 {
			wrong("person", "is not the name of a user: write it as in the user's document")
		}
	}
	if z := s["zone"]; z != "" {
		if len(muster.CheckZone("zone", z)) > 0 { // whether there is such a zone is asked where it is used
			wrong("zone", "is not a zone: write it like Europe/Berlin")
		}
	}
	if u := s["url"]; u != "" && address(u) == "" {
		wrong("url", badAddress)
	}
	return f
}

const badAddress = "is not an address: it must begin with https:// or webcal:// and hold no password"

// oneAddress: the two places for an address are one question to people.
func oneAddress(settings, secrets map[string]string) []muster.FieldError {
	switch open, secret := settings["url"] != "", secrets["url"] != ""; {
	case open && secret:
		return []muster.FieldError{{Path: "settings.url", Message: "is one too many: the address is named under secrets, too"}}
	case !open && !secret:
		return []muster.FieldError{{Path: "secrets.url", Message: "is missing: store the calendar's iCal address as a secret and name it here, or give a public address as settings.url"}}
	}
	return nil
}

// address is u as it is fetched, "" when it is none.
func address(u string) string {
	u = strings.TrimSpace(u)
	if rest, ok := strings.CutPrefix(u, "webcal://"); ok {
		u = "https://" + rest
	}
	return muster.SafeURL(u)
}

// Connector fetches one calendar.
type Connector struct {
	name string
	url  string
	feed connector.Feed
	http *http.Client
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	f := &Connector{
		name: string(c.Name), http: c.HTTP, url: address(c.Settings["url"]),
		feed: connector.Feed{Kind: connector.FeedKind(c.Settings["kind"]), Person: c.Settings["person"], Zone: c.Settings["zone"]},
	}
	if secret := c.Secrets["url"]; secret != "" {
		if f.url = address(secret); f.url == "" {
			return nil, muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{{Path: "secrets.url", Message: badAddress}})
		}
	}
	if c.BaseURL != "" {
		f.url = c.BaseURL
	}
	if f.http == nil {
		f.http = httpx.NewEgress(httpx.EgressOptions{MaxResponse: maxBody + 1})
	}
	return f, nil
}

// Kind implements [connector.Connector].
func (c *Connector) Kind() string { return Kind }

// String names the connector and hides its address.
func (c *Connector) String() string { return Kind + " " + c.name }

// GoString is [Connector.String].
func (c *Connector) GoString() string { return c.String() }

// LogValue is [Connector.String].
func (c *Connector) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Deliver implements [connector.Connector]: a calendar is only read.
func (c *Connector) Deliver(context.Context, connector.Delivery) (connector.Receipt, error) {
	return connector.Receipt{}, connector.Permanent(errors.New("a calendar feed is only read"))
}

// Check implements [connector.Checker]: it fetches the calendar.
func (c *Connector) Check(ctx context.Context) error {
	_, err := c.Fetch(ctx, connector.FeedVersion{})
	return err
}

// Feed implements [connector.CalendarFeed].
func (c *Connector) Feed() connector.Feed { return c.feed }

// Fetch implements [connector.CalendarFeed].
func (c *Connector) Fetch(ctx context.Context, known connector.FeedVersion) (connector.FeedContent, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return connector.FeedContent{}, connector.Permanent(errors.New("the calendar's address is not an address"))
	}
	req.Header.Set("Accept", "text/calendar, text/plain;q=0.5, */*;q=0.1")
	req.Header.Set("User-Agent", "Muster")
	if known.ETag != "" {
		req.Header.Set("If-None-Match", known.ETag)
	}
	if known.LastModified != "" {
		req.Header.Set("If-Modified-Since", known.LastModified)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return connector.FeedContent{}, callError(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && known != (connector.FeedVersion{}) {
		return connector.FeedContent{Version: known, Unchanged: true}, nil
	}
	if err := statusError(resp); err != nil {
		return connector.FeedContent{}, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case errors.Is(err, httpx.ErrResponseTooLarge) || len(body) > maxBody:
		return connector.FeedContent{}, connector.Permanent(errors.New("the calendar is larger than 2 MiB: give a feed with fewer years in it"))
	case err != nil:
		return connector.FeedContent{}, callError(err)
	}
	if err := checkCalendar(body); err != nil {
		return connector.FeedContent{}, err
	}
	return connector.FeedContent{Version: connector.FeedVersion{ETag: header(resp, "ETag"), LastModified: header(resp, "Last-Modified")}, Body: body}, nil
}

// header is a header of an answer as far as it can be sent back: what is overlong is not a version.
func header(resp *http.Response, name string) string {
	if v := resp.Header.Get(name); len(v) <= 500 {
		return v
	}
	return ""
}

// callError is an error without the address, which may be a secret.
func callError(err error) error {
	switch u, ok := errors.AsType[*url.Error](err); {
	case errors.Is(err, httpx.ErrRefused):
		return connector.Permanent(httpx.ErrRefused)
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return connector.Temporary(errors.New("the calendar's server did not answer in time"), 0)
	case ok:
		return connector.Temporary(fmt.Errorf("the calendar cannot be fetched: %w", u.Err), 0)
	}
	return connector.Temporary(errors.New("the answer of the calendar's server broke off"), 0)
}

func statusError(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return connector.Permanent(fmt.Errorf("the calendar's server answered %d: the address may have been revoked; copy the calendar's iCal address anew and store it", resp.StatusCode))
	case http.StatusNoContent, http.StatusResetContent, http.StatusPartialContent:
		return connector.Temporary(fmt.Errorf("the calendar's server answered %d, without a whole calendar", resp.StatusCode), 0)
	}
	return connector.StatusError(resp, time.Now())
}

// checkCalendar says whether body is a whole iCalendar file, by its first and last line.
func checkCalendar(body []byte) error {
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	const begin, end = "BEGIN:VCALENDAR", "END:VCALENDAR"
	switch {
	case len(text) == 0:
		return connector.Temporary(errors.New("the answer is empty"), 0)
	case text[0] == '<':
		return connector.Permanent(errors.New("the address shows a web page, not a calendar: copy the address that ends in .ics or is called iCal address"))
	case len(text) < len(begin) || !strings.EqualFold(string(text[:len(begin)]), begin):
		return connector.Permanent(errors.New("the answer is not a calendar: it must begin with BEGIN:VCALENDAR"))
	case !strings.EqualFold(string(text[max(0, len(text)-len(end)):]), end):
		return connector.Temporary(errors.New("the calendar broke off before its last line"), 0)
	}
	return nil
}
