// Package pushover sends pages and notifications through Pushover. A page of high urgency is an emergency: the phone sounds
// again and again until its person acknowledges it there, and that acknowledges the alert.
//
// It imports connector, httpx, the standard library and the root package. Pushover does not sign what it tells, so a
// callback is believed at a page's own address alone, and Pushover is asked for the receipt besides. It knows no idempotency
// key: a message of which nobody knows whether it left is sent again and sounds twice. What was acknowledged elsewhere is
// cancelled at Pushover, by its receipt: one that got lost on the way to us sounds until it expires.
package pushover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

// Kind is the kind's word in documents.
const Kind = "pushover"

// host is where Pushover's API is.
const host = "https://api.pushover.net"

// How often an emergency sounds, and for how long, in seconds: what is usual, and what Pushover allows.
const (
	usualRetry, leastRetry  = 60, 30
	usualExpire, mostExpire = 600, 10800
)

var (
	key     = regexp.MustCompile(`^[A-Za-z0-9]{30}$`)
	receipt = key
)

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Pushover", Address: "a Pushover user key",
		Help: "Sends pages to the Pushover app. Urgent ones sound until they are acknowledged there, also while the phone is silent where Pushover may; that acknowledges the alert.",
		Settings: []connector.Setting{
			{Name: "token", Title: "API token", Help: "Of the application that you made at pushover.net: 30 letters and digits.", Required: true, Secret: true},
			{Name: "retry", Title: "Sounds again after", Help: "Seconds, at least 30.", Default: strconv.Itoa(usualRetry)},
			{Name: "expire", Title: "Sounds for", Help: "Seconds, at most 10800. It ends before when somebody acknowledges anywhere.", Default: strconv.Itoa(usualExpire)},
			{Name: "sound", Title: "Sound of urgent pages", Help: "A name from Pushover's list, like siren or persistent. Empty: what the person has chosen."},
		},
		Validate: validate, CheckAddress: checkUser, TidyAddress: strings.TrimSpace,
		Proof: muster.ProofPerson, ProofWithin: 2 * time.Minute, Surface: muster.SurfacePush, Checked: "Pushover knows the API token", Stops: true,
		New: func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

func checkUser(a string) error {
	if !key.MatchString(a) {
		return errors.New("a user key of Pushover is 30 letters and digits: it stands at the top of pushover.net when you are signed in")
	}
	if a[0] == 'g' {
		return errors.New("this is the key of a group: give each person's own user key, so that Muster knows who acknowledged")
	}
	return nil
}

var sound = regexp.MustCompile(`^[A-Za-z0-9_-]{1,20}$`)

func validate(s map[string]string) (f []muster.FieldError) {
	if v := s["retry"]; v != "" {
		if n, err := strconv.Atoi(v); err != nil || n < leastRetry || n > mostExpire {
			f = append(f, muster.FieldError{Path: "settings.retry", Message: "must be a number of seconds, at least 30"})
		}
	}
	if v := s["expire"]; v != "" {
		if n, err := strconv.Atoi(v); err != nil || n < leastRetry || n > mostExpire {
			f = append(f, muster.FieldError{Path: "settings.expire", Message: "must be a number of seconds from 30 to 10800"})
		}
	}
	if v := s["sound"]; v != "" && !sound.MatchString(v) {
		f = append(f, muster.FieldError{Path: "settings.sound", Message: "is not the name of a sound: siren, persistent"})
	}
	return f
}

// Connector sends messages of one application.
type Connector struct {
	name, token, base, sound string
	retry, expire            int
	http                     *http.Client
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	p := &Connector{name: string(c.Name), token: strings.TrimSpace(c.Secrets["token"]), base: host, sound: c.Settings["sound"], http: httpx.Caller(c.HTTP)}
	if !key.MatchString(p.token) {
		return nil, muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{
			{Path: "secrets.token", Message: "is not an API token of Pushover: it is 30 letters and digits"},
		})
	}
	p.retry, p.expire = number(c.Settings["retry"], usualRetry), number(c.Settings["expire"], usualExpire)
	if c.BaseURL != "" {
		p.base = strings.TrimSuffix(c.BaseURL, "/")
	}
	return p, nil
}

// number reads a setting that was checked.
func number(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return otherwise
}

// Kind implements [connector.Connector].
func (p *Connector) Kind() string { return Kind }

// String names the connector and hides its token.
func (p *Connector) String() string { return Kind + " " + p.name }

// GoString is [Connector.String].
func (p *Connector) GoString() string { return p.String() }

// LogValue is [Connector.String].
func (p *Connector) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Deliver implements [connector.Connector]. It takes pages and notifications.
func (p *Connector) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	if err := checkUser(d.Address); err != nil {
		return connector.Receipt{}, connector.Permanent(err)
	}
	var form url.Values
	emergency := false
	switch {
	case d.Page != nil:
		form = pageForm(d.Page)
		if emergency = d.Page.Urgency == muster.UrgencyHigh; emergency {
			form.Set("priority", "2")
			form.Set("retry", strconv.Itoa(p.retry))
			form.Set("expire", strconv.Itoa(p.expire))
			if d.AnswerURL != "" {
				form.Set("callback", d.AnswerURL)
			}
			if p.sound != "" {
				form.Set("sound", p.sound)
			}
		}
	case d.Note != nil:
		form = noteForm(d.Note)
	default:
		return connector.Receipt{}, connector.Permanent(errors.New("Pushover carries pages and notifications"))
	}
	if !d.At.IsZero() {
		form.Set("timestamp", strconv.FormatInt(d.At.Unix(), 10))
	}
	form.Set("token", p.token)
	form.Set("user", d.Address)
	out, err := p.call(ctx, http.MethodPost, "/1/messages.json", d.Key, form)
	if err != nil {
		return connector.Receipt{}, err
	}
	r := connector.Receipt{ProviderID: muster.CleanLine(out.Request, 60), Detail: "Pushover has it"}
	if emergency && receipt.MatchString(out.Receipt) {
		r.ProviderID, r.Detail = out.Receipt, "Pushover sounds until it is acknowledged"
		r.AskUntil = muster.At(time.Now().Add(time.Duration(p.expire) * time.Second))
	}
	return r, nil
}

// answer is the part of Pushover's answers that counts.
type answer struct {
	Status         int      `json:"status"`
	Request        string   `json:"request"`
	Receipt        string   `json:"receipt"`
	Errors         []string `json:"errors"`
	Acknowledged   int      `json:"acknowledged"`
	AcknowledgedBy string   `json:"acknowledged_by"`
	Device         string   `json:"acknowledged_by_device"`
	Expired        int      `json:"expired"`
}

func (p *Connector) call(ctx context.Context, method, path, idem string, form url.Values) (answer, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return answer{}, connector.Permanent(errors.New("the address of Pushover is not right"))
	}
	req.Header.Set("User-Agent", "Muster")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if idem != "" {
		req.Header["Idempotency-Key"] = []string{idem} // for net/http: it then tries again when a kept-alive connection turns out to be closed
	}
	got, err := httpx.Send(p.http, req)
	switch {
	case errors.Is(err, httpx.ErrRefused):
		return answer{}, connector.Permanent(err)
	case err != nil:
		return answer{}, connector.CallError(err, got.Sent)
	}
	var out answer
	if json.Unmarshal(got.Body, &out) != nil {
		out = answer{}
	}
	if err := connector.StatusError(got.Response, time.Now()); err != nil {
		return answer{}, refine(err, got.Response.StatusCode, out.Errors)
	}
	return out, nil
}

// refine says in a sentence what Pushover's refusals mean. Pushover asks not to repeat what it answered with 4xx; 429 says
// that the month's messages are used up, which another method must bridge, and which somebody can end by buying more.
func refine(err error, status int, wrong []string) error {
	why := ""
	for _, w := range wrong {
		switch w = strings.ToLower(w); {
		case strings.HasPrefix(w, "application token is invalid"):
			why = "Pushover does not know this API token: copy it again from pushover.net, and store it"
		case strings.HasPrefix(w, "user identifier is"), strings.HasPrefix(w, "user key is invalid"):
			why = "Pushover does not know this user key, or the person has no active phone there: correct the contact method"
		}
	}
	if status == http.StatusTooManyRequests {
		return connector.Temporary(errors.New("the application's messages of this month are used up: buy more at pushover.net (Pushover answered 429)"), connector.RetryAfter(err))
	}
	if why == "" || !connector.IsPermanent(err) {
		return err
	}
	return connector.Permanent(fmt.Errorf("%s (Pushover answered %d)", why, status))
}

// Check implements [connector.Checker]: it asks for the application's limits, which sends nothing.
func (p *Connector) Check(ctx context.Context) error {
	_, err := p.call(ctx, http.MethodGet, "/1/apps/limits.json?token="+p.token, "", nil)
	return err
}
