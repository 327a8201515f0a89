package twilio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/phone"
)

// KindVoice is the word for phone calls in documents.
const KindVoice = "twilio-voice"

const (
	ring      = 45   // seconds: less than the time to the next contact method
	listen    = 10   // seconds to press a key after the last word
	repeats   = 3    // how often the page is read out
	maxMarkup = 4000 // what Twilio takes of a document in a request
)

// keys is said after every page.
const keys = "Press 4 to acknowledge, 6 to resolve, 0 to hear it again."

// VoiceDescriptor describes the kind twilio-voice.
func VoiceDescriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: KindVoice, Title: "Phone calls (Twilio)", Address: "a phone number with its country",
		Help:     "Calls and reads the page out. A key that is pressed proves and acknowledges it; an answering machine proves nothing. Needs a public https:// address.",
		Settings: settings("Caller", "A number of the account, like +4915112345678."),
		Validate: func(s map[string]string) []muster.FieldError { return validate(s, false) }, CheckAddress: phone.Check, TidyAddress: phone.Tidy, Numbers: numbers,
		Proof: muster.ProofPerson, ProofWithin: time.Minute, Surface: muster.SurfaceVoice, PagesOnly: true, Checked: checked,
		New: func(c connector.Config) (connector.Connector, error) { return NewVoice(c) },
	}
}

// Voice calls people.
type Voice struct {
	*account
	said memory // what was read out, by call: for key 0
}

// NewVoice makes the connector.
func NewVoice(c connector.Config) (*Voice, error) {
	a, err := newAccount(KindVoice, c)
	if err != nil {
		return nil, err
	}
	return &Voice{account: a}, nil
}

// Kind implements [connector.Connector].
func (v *Voice) Kind() string { return KindVoice }

// Deliver implements [connector.Connector]. It takes pages, and the test of a contact method; a telephone does not ring for
// anything else.
func (v *Voice) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	var text string
	high := true
	switch {
	case d.Page != nil:
		text, high = pageSpeech(d.Page), d.Page.Urgency == muster.UrgencyHigh
	case d.Note != nil && d.Note.Kind.Tries():
		text = "Muster tries out this telephone for " + cmp.Or(phone.Plain(d.Note.Person, 40), "you") + ". Press 4 to confirm that it is yours, 0 to hear it again."
	default:
		return connector.Receipt{}, connector.Permanent(errors.New("phone calls are for pages: notices go by other contact methods"))
	}
	if d.AnswerURL == "" {
		return connector.Receipt{}, connector.Permanent(errors.New("phone calls need a public https:// address, at which Twilio tells which key was pressed: start Muster with --public-url"))
	}
	doc, err := ask(text, d.AnswerURL, repeats).text()
	if err != nil || len(doc) > maxMarkup {
		return connector.Receipt{}, connector.Permanent(errors.New("the page cannot be read out"))
	}
	out, err := v.create(ctx, "Calls", d.Key, url.Values{
		"To": {d.Address}, "From": {v.from}, "Twiml": {doc}, "Timeout": {strconv.Itoa(ring)}, "StatusCallback": {d.AnswerURL}, "StatusCallbackMethod": {http.MethodPost},
	}, high)
	if err != nil {
		return connector.Receipt{}, err
	}
	v.said.keep(out.SID, text)
	return connector.Receipt{ProviderID: muster.CleanLine(out.SID, 40), Detail: "Twilio calls"}, nil
}

// pageSpeech is what is read out. It fits into Twilio's limit when every character needs five after encoding.
func pageSpeech(p *connector.PageMessage) string {
	var s []string
	add := func(format, text string) {
		if text != "" {
			s = append(s, fmt.Sprintf(format, strings.TrimRight(text, ". ")))
		}
	}
	add("This is Muster for %s.", cmp.Or(phone.Plain(p.Person, 40), "you"))
	if p.Test {
		add("%s.", "This is a test")
	}
	if n := len(p.Digest); n > 0 {
		add("%s.", strconv.Itoa(n)+" alerts. The worst")
		for _, d := range p.Digest[:min(n, 3)] {
			add("%s.", join(strings.ToLower(phone.Severity(d.Severity)), phone.Plain(d.Title, 50), phone.Plain(d.Service, 25)))
		}
	} else {
		add("Alert, %s.", strings.ToLower(phone.Severity(p.Severity))+": "+cmp.Or(phone.Plain(p.Title, 120), "without a title"))
		add("Service: %s.", phone.Plain(p.Service, 40))
		add("%s.", phone.Plain(p.Impact, 80))
		add("%s.", phone.Plain(p.Why, 80))
	}
	return strings.Join(append(s, keys), " ")
}

// ask reads a text out and waits for a key. Without one it hangs up.
func ask(text, action string, loop int) response {
	return response{Verbs: []any{
		gather{Input: "dtmf", NumDigits: 1, Timeout: listen, Action: action, Method: http.MethodPost, Say: say{Loop: loop, Text: text}}, hangup{},
	}}
}

// Check implements [connector.Checker].
func (v *Voice) Check(ctx context.Context) error { return v.check(ctx, "Calls") }

// Answers implements [connector.Answerer]: a key that was pressed, or how a call ended, at the page's own address. A call
// that was taken and ended without a key says nothing: it may have been an answering machine.
func (v *Voice) Answers(r *http.Request, body []byte, at string, page muster.PageID) ([]connector.Answer, error) {
	form, err := v.hear(r, body, at)
	if err != nil {
		return nil, err
	}
	if !form.Has("CallSid") {
		return nil, muster.Errorf(muster.ErrInvalid, "This is nothing that Twilio tells about a call.")
	}
	if page == "" {
		return nil, muster.Errorf(muster.ErrInvalid, "Nobody can call Muster: it calls.")
	}
	a := connector.Answer{Page: page, From: phone.Tidy(muster.CleanLine(form.Get("To"), 40)), ProviderID: muster.CleanLine(form.Get("CallSid"), 40)}
	if form.Has("Digits") {
		key := muster.CleanLine(form.Get("Digits"), 5)
		a.Detail = "pressed " + key
		switch key {
		case "4":
			a.Kind = connector.AnswerAcknowledge
		case "6":
			a.Kind = connector.AnswerResolve
		case "0":
			a.Kind = connector.AnswerOpened // somebody listens
		default:
			a.Kind = connector.AnswerUnclear
		}
		return []connector.Answer{a}, nil
	}
	return ended(form.Get("CallStatus"), a), nil
}

// ended reads how a call ended.
func ended(status string, a connector.Answer) []connector.Answer {
	switch status {
	case "busy", "no-answer", "failed", "canceled":
		a.Kind, a.Detail = connector.AnswerFailed, map[string]string{
			"busy": "the line was busy", "no-answer": "nobody took the call", "failed": "the number could not be called", "canceled": "the call was called off",
		}[status]
		return []connector.Answer{a}
	}
	return nil
}

// ReadReceipt implements [connector.ReceiptReader]: how a call ended, in case that Twilio's own word got lost.
func (v *Voice) ReadReceipt(ctx context.Context, id string) ([]connector.Answer, error) {
	out, err := v.read(ctx, "Calls", id)
	if err != nil {
		return nil, err
	}
	return ended(out.status(), connector.Answer{ProviderID: id}), nil
}

// WriteAnswer implements [connector.Answerer]: what came of a key is said, and the call ends; after key 0 the page is read
// out again, after any other key there is another try.
func (v *Voice) WriteAnswer(w http.ResponseWriter, r *http.Request, text string) error {
	if !r.PostForm.Has("Digits") {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	text = phone.Plain(text, 300)
	switch r.PostForm.Get("Digits") {
	case "4", "6":
		return response{Verbs: []any{say{Text: cmp.Or(text, "Thank you.")}, hangup{}}}.write(w)
	case "0":
		text = cmp.Or(v.said.get(r.PostForm.Get("CallSid")), strings.TrimSpace(text+" "+keys))
	default:
		text = strings.TrimSpace(text + " " + keys)
	}
	return ask(text, "", 1).write(w)
}

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}
