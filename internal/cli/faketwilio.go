package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector/twilio/fake"
)

// fakeTwilio signs a text message, a key or a receipt as Twilio does and prints how to send it, or sends it.
func (r *run) fakeTwilio(ctx context.Context, args []string) error {
	words, given, err := flags(args, []string{"to", "send", "from", "account"}, nil)
	if err != nil {
		return err
	}
	send, from := given["send"], cmp.Or(given["from"], "+15005550142")
	const forms = "muster fake twilio AUTH_TOKEN text 4 12345, … key 4, or … status delivered"
	if len(words) < 3 {
		return usage("muster fake twilio takes the auth token and what Twilio tells: " + forms)
	}
	said := strings.Join(words[2:], " ")
	form := url.Values{"ApiVersion": {"2010-04-01"}}
	if account := given["account"]; account != "" {
		form.Set("AccountSid", account)
	}
	switch words[1] {
	case "text":
		form.Set("MessageSid", "SM00000000000000000000000000000001")
		form.Set("SmsStatus", "received")
		form.Set("From", from)
		form.Set("Body", said)
	case "status":
		form.Set("MessageSid", "SM00000000000000000000000000000001")
		form.Set("MessageStatus", said)
	case "key":
		form.Set("CallSid", "CA00000000000000000000000000000001")
		form.Set("CallStatus", "in-progress")
		form.Set("To", from)
		form.Set("Digits", said)
	default:
		return usage("Twilio does not tell %q: "+forms, muster.Clip(words[1], 20))
	}
	at := cmp.Or(send, given["to"], r.url+"/answer/CONNECTOR")
	req, err := fake.Back(ctx, words[0], at, form)
	if err != nil {
		return muster.Errorf(muster.ErrInvalid, "The address %s cannot be called.", muster.Clip(at, 100))
	}
	if send == "" {
		fmt.Fprintf(r.Stdout, "curl -sS -H %s -H 'Content-Type: application/x-www-form-urlencoded' --data-binary %s %s\n",
			quote("X-Twilio-Signature: "+req.Header.Get("X-Twilio-Signature")), quote(form.Encode()), quote(at))
		return nil
	}
	resp, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return muster.Errorf(muster.ErrUnavailable, "Nobody answers at %s.", muster.Clip(at, 100))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return muster.Errorf(muster.ErrUnavailable, "Twilio would show an error: %d %s", resp.StatusCode, muster.CleanLine(string(body), 300))
	}
	fmt.Fprintln(r.Stdout, strings.TrimSpace(resp.Status+"\n"+muster.CleanText(string(body), 10_000)))
	return nil
}
