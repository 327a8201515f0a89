package twilio

import (
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

// KindSMS is the word for text messages in documents.
const KindSMS = "twilio-sms"

// validity is how long a page may wait at Twilio: what comes later is not sent, and Twilio says so.
const validity = 10 * time.Minute

// SMSDescriptor describes the kind twilio-sms.
func SMSDescriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: KindSMS, Title: "Text messages (Twilio)", Address: "a mobile number with its country",
		Help:     "Sends pages as text messages. The carrier's receipt proves that the phone has it; “4” and the code of the page acknowledges.",
		Settings: settings("Sender", "A number of the account, like +4915112345678, or a messaging service (MG…)."),
		Validate: func(s map[string]string) []muster.FieldError { return validate(s, true) }, CheckAddress: phone.Check, TidyAddress: phone.Tidy, Numbers: numbers,
		Proof: muster.ProofCarrier, ProofWithin: time.Minute, Checked: checked,
		New: func(c connector.Config) (connector.Connector, error) { return NewSMS(c) },
	}
}

// SMS sends text messages.
type SMS struct{ *account }

// NewSMS makes the connector.
func NewSMS(c connector.Config) (*SMS, error) {
	a, err := newAccount(KindSMS, c)
	if err != nil {
		return nil, err
	}
	return &SMS{a}, nil
}

// Kind implements [connector.Connector].
func (s *SMS) Kind() string { return KindSMS }

// Deliver implements [connector.Connector]. It takes pages and notifications. Without an AnswerURL no receipt comes by
// itself: see [SMS.ReadReceipt].
func (s *SMS) Deliver(ctx context.Context, d connector.Delivery) (connector.Receipt, error) {
	form := url.Values{"To": {d.Address}}
	if serviceSID.MatchString(s.from) {
		form.Set("MessagingServiceSid", s.from)
	} else {
		form.Set("From", s.from)
	}
	high := false
	switch {
	case d.Page != nil:
		form.Set("Body", phone.PageText(d.Page))
		form.Set("ValidityPeriod", strconv.Itoa(int(validity.Seconds())))
		high = d.Page.Urgency == muster.UrgencyHigh
		if d.AnswerURL != "" {
			form.Set("StatusCallback", d.AnswerURL)
		}
	case d.Note != nil:
		form.Set("Body", phone.NoteText(d.Note))
	default:
		return connector.Receipt{}, connector.Permanent(errors.New("text messages carry pages and notifications"))
	}
	if form.Get("Body") == "" {
		form.Set("Body", "Muster: a message without words")
	}
	out, err := s.create(ctx, "Messages", d.Key, form, high)
	if err != nil {
		return connector.Receipt{}, err
	}
	n, _ := phone.Segments(form.Get("Body"))
	return connector.Receipt{ProviderID: muster.CleanLine(out.SID, 40), Detail: fmt.Sprintf("Twilio has it, in %d part%s", n, plural(n))}, nil
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// Check implements [connector.Checker].
func (s *SMS) Check(ctx context.Context) error { return s.check(ctx, "Messages") }

// Answers implements [connector.Answerer]: receipts at a page's own address, and what people text.
func (s *SMS) Answers(r *http.Request, body []byte, at string, page muster.PageID) ([]connector.Answer, error) {
	form, err := s.hear(r, body, at)
	if err != nil {
		return nil, err
	}
	id := muster.CleanLine(form.Get("MessageSid"), 40)
	if form.Has("MessageStatus") {
		code, _ := strconv.Atoi(form.Get("ErrorCode")) // none is 0
		if page == "" {
			return nil, nil // of a message that is no page
		}
		return received(form.Get("MessageStatus"), code, page, id), nil
	}
	if !form.Has("Body") || !form.Has("From") {
		return nil, muster.Errorf(muster.ErrInvalid, "This is neither a receipt nor a text message of Twilio.")
	}
	a := connector.Answer{Page: page, From: phone.Tidy(muster.CleanLine(form.Get("From"), 40)), ProviderID: id, Detail: "a text message"}
	a.Kind, a.Code = phone.ParseReply(form.Get("Body"))
	if opt := form.Get("OptOutType"); opt != "" {
		a.Kind, a.Code, a.Detail = connector.AnswerUnclear, "", "texted "+muster.CleanLine(opt, 10)
	}
	return []connector.Answer{a}, nil
}

// received reads the status of a message. Only the carrier's word that the phone has it is a receipt; "sent" is that the
// carrier has it.
func received(status string, code int, page muster.PageID, id string) []connector.Answer {
	a := connector.Answer{Page: page, ProviderID: id, Detail: status}
	switch status {
	case "delivered", "read":
		a.Kind = connector.AnswerReceived
	case "undelivered", "failed", "canceled":
		a.Kind = connector.AnswerFailed
		if code != 0 {
			a.Detail = status + ": " + Explain(code)
		}
	default:
		return nil
	}
	return []connector.Answer{a}
}

// ReadReceipt implements [connector.ReceiptReader]: for installations that Twilio cannot reach, and receipts that got lost.
func (s *SMS) ReadReceipt(ctx context.Context, id string) ([]connector.Answer, error) {
	out, err := s.read(ctx, "Messages", id)
	if err != nil {
		return nil, err
	}
	code := 0
	if out.ErrorCode != nil {
		code = *out.ErrorCode
	}
	return received(out.status(), code, "", id), nil
}

// WriteAnswer implements [connector.Answerer]: a person who texted gets a text, a receipt gets nothing.
func (s *SMS) WriteAnswer(w http.ResponseWriter, r *http.Request, text string) error {
	if r.PostForm.Has("MessageStatus") {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	var doc response
	if text = muster.CleanText(text, 300); strings.TrimSpace(text) != "" {
		doc.Verbs = append(doc.Verbs, message{Text: text})
	}
	return doc.write(w)
}
