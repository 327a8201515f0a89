package fake

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs with HMAC-SHA1
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Sign gives the signature of a request that Twilio makes: over the address, and the parameters in the order of their names.
func Sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	io.WriteString(mac, address) //nolint:errcheck // a hash takes everything
	for _, name := range slices.Sorted(maps.Keys(form)) {
		seen := map[string]bool{}
		for _, v := range slices.Sorted(slices.Values(form[name])) {
			if !seen[v] {
				io.WriteString(mac, name+v) //nolint:errcheck // a hash takes everything
			}
			seen[v] = true
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Back makes a request as Twilio makes it, signed.
func (s *Server) Back(ctx context.Context, to string, form url.Values) (*http.Request, error) {
	return Back(ctx, s.o.AuthToken, to, form)
}

// Back makes a request as Twilio makes it, signed with the token of an account.
func Back(ctx context.Context, token, to string, form url.Values) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("X-Twilio-Signature", Sign(token, to, form))
	return req, nil
}

// send makes a request to Muster and reads the answer, which must be a document of Twilio's or nothing.
func (s *Server) send(ctx context.Context, to string, form url.Values) (markup, error) {
	if s.o.Client == nil {
		return markup{}, errors.New("the fake was made without a client to call back with")
	}
	req, err := s.Back(ctx, to, form)
	if err != nil {
		return markup{}, err
	}
	resp, err := s.o.Client.Do(req)
	if err != nil {
		return markup{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return markup{}, err
	}
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return markup{}, fmt.Errorf("11200: the other side answered %d: %s", resp.StatusCode, body)
	case len(body) == 0:
		return markup{}, nil
	case !strings.Contains(resp.Header.Get("Content-Type"), "xml"):
		return markup{}, fmt.Errorf("12300: the other side answered %q", resp.Header.Get("Content-Type"))
	}
	return readMarkup(string(body))
}

// Report tells what became of a message: sent, delivered, undelivered, failed. code is Twilio's error code, 0 for none.
func (s *Server) Report(ctx context.Context, sid, status string, code int) error {
	s.mu.Lock()
	i := slices.IndexFunc(s.messages, func(m *Message) bool { return m.SID == sid })
	if i < 0 {
		s.mu.Unlock()
		return errors.New("there is no such message")
	}
	m := s.messages[i]
	m.Status = status
	told := *m
	s.mu.Unlock()
	if told.StatusCallback == "" {
		return nil
	}
	form := url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "AccountSid": {s.o.AccountSID}, "From": {told.From}, "To": {told.To}, "MessageStatus": {status},
		"SmsStatus": {status}, "ApiVersion": {"2010-04-01"},
	}
	if code != 0 {
		form.Set("ErrorCode", strconv.Itoa(code))
	}
	_, err := s.send(ctx, told.StatusCallback, form)
	return err
}

// TextForm is what Twilio tells of a text message that somebody sent to a number of the account.
func (s *Server) TextForm(from, body string) url.Values {
	s.mu.Lock()
	sid := s.sid("SM")
	s.mu.Unlock()
	return url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "AccountSid": {s.o.AccountSID}, "From": {from}, "To": {s.o.Numbers[0]}, "Body": {body},
		"NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"}, "FromCountry": {"DE"}, "FromCity": {""},
	}
}

// Text brings a text message that somebody sent to an address, and returns what is texted back, "" for nothing.
func (s *Server) Text(ctx context.Context, to, from, body string) (string, error) {
	m, err := s.send(ctx, to, s.TextForm(from, body))
	return m.message, err
}

// callForm is what Twilio tells of a call.
func (s *Server) callForm(sid, status string) (Call, url.Values, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.calls, func(c *Call) bool { return c.SID == sid })
	if i < 0 {
		return Call{}, nil, errors.New("there is no such call")
	}
	s.calls[i].Status = status
	c := *s.calls[i]
	return c, url.Values{
		"CallSid": {sid}, "AccountSid": {s.o.AccountSID}, "From": {c.From}, "To": {c.To}, "Called": {c.To}, "Caller": {c.From}, "CallStatus": {status},
		"Direction": {"outbound-api"}, "ApiVersion": {"2010-04-01"},
	}, nil
}

// Press lets whoever took a call press a key, and returns what is said then.
func (s *Server) Press(ctx context.Context, sid, key string) (string, error) {
	c, form, err := s.callForm(sid, "in-progress")
	if err != nil {
		return "", err
	}
	form.Set("Digits", key)
	form.Set("msg", "Gather End")
	m, err := s.send(ctx, c.Action, form)
	return m.said, err
}

// End tells how a call ended: completed, busy, no-answer, failed, canceled.
func (s *Server) End(ctx context.Context, sid, status string) error {
	c, form, err := s.callForm(sid, status)
	if err != nil || c.StatusCallback == "" {
		return err
	}
	form.Set("CallDuration", "12")
	_, err = s.send(ctx, c.StatusCallback, form)
	return err
}
