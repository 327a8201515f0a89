package pushover

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// ReadReceipt implements [connector.ReceiptReader]: whether the person has acknowledged an emergency on their phone. A
// message that is none has no receipt.
func (p *Connector) ReadReceipt(ctx context.Context, id string) ([]connector.Answer, error) {
	if !receipt.MatchString(id) {
		return nil, nil
	}
	out, err := p.call(ctx, http.MethodGet, "/1/receipts/"+id+".json?token="+p.token, "", nil)
	if err != nil || out.Acknowledged != 1 {
		return nil, err
	}
	return []connector.Answer{acknowledged(id, out.Device)}, nil
}

// Stop implements [connector.Stopper]: it cancels an emergency. Pushover may refuse that for one which is over; then it is
// asked whether it is.
func (p *Connector) Stop(ctx context.Context, id string) error {
	if !receipt.MatchString(id) {
		return nil // no emergency: it sounded once
	}
	_, err := p.call(ctx, http.MethodPost, "/1/receipts/"+id+"/cancel.json", "", url.Values{"token": {p.token}})
	if !connector.IsPermanent(err) {
		return err
	}
	out, asked := p.call(ctx, http.MethodGet, "/1/receipts/"+id+".json?token="+p.token, "", nil)
	if asked == nil && (out.Acknowledged == 1 || out.Expired == 1) {
		return nil
	}
	return err
}

func acknowledged(id, device string) connector.Answer {
	return connector.Answer{Kind: connector.AnswerAcknowledge, ProviderID: id, Detail: "acknowledged in Pushover on " + cmp.Or(muster.CleanLine(device, 40), "a phone")}
}

// Answers implements [connector.Answerer]: Pushover calls a page's own address back when its person has acknowledged. The
// call is not signed; its token is known to Pushover alone, and the receipt that it names is read at Pushover before it is
// believed.
func (p *Connector) Answers(r *http.Request, body []byte, _ string, page muster.PageID) ([]connector.Answer, error) {
	if page == "" {
		return nil, muster.Errorf(muster.ErrUnauthenticated, "Pushover tells about a page at the page's own address.")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, muster.Errorf(muster.ErrUnreadable, "The body is not a form.")
	}
	id := form.Get("receipt")
	if !receipt.MatchString(id) || form.Get("acknowledged") != "1" {
		return nil, muster.Errorf(muster.ErrInvalid, "This is nothing that Pushover tells about a page.")
	}
	got, err := p.ReadReceipt(r.Context(), id)
	if connector.IsPermanent(err) {
		return nil, muster.Errorf(muster.ErrUnauthenticated, "Pushover does not know this receipt.")
	}
	if err != nil {
		return nil, muster.Errorf(muster.ErrUnavailable, "The receipt cannot be read at Pushover just now.")
	}
	for i := range got {
		got[i].Page = page
	}
	return got, nil
}

// WriteAnswer implements [connector.Answerer]: nobody reads it.
func (p *Connector) WriteAnswer(w http.ResponseWriter, _ *http.Request, _ string) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
