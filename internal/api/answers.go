package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

// maxAnswer is the most that a provider may tell at once.
const maxAnswer = 64 << 10

// answersPerSecond is how much one connector's provider may tell, and as much may come from one address before it is proved:
// apart, so that a stranger who names a connector does not keep its provider out. answerFailures is how many requests that
// were not proved an address may send within a minute before it has to wait.
const (
	answersPerSecond = 1000
	answerFailures   = 30
)

// Answers does what providers and people tell about pages. *command.Commands is one.
type Answers interface {
	AnswerPage(ctx context.Context, via muster.ConnectorName, answers []muster.PageAnswer) (text string, err error)
	// AnswerTest does what somebody answered to the test of a contact method.
	AnswerTest(ctx context.Context, via muster.ConnectorName, test muster.NoticeID, answers []muster.PageAnswer) (text string, err error)
}

// hearAnswer takes what a provider tells about pages: at a page's own address, whose token names it, or at the connector's. No
// session counts here: the connector proves the request. A connector that does not exist is answered like a request that is
// not proved, so that the address tells nothing.
func (a *API) hearAnswer(w http.ResponseWriter, r *http.Request) {
	if err := a.answered(w, r, muster.ConnectorName(r.PathValue("connector"))); err != nil {
		if code := muster.CodeOf(err); code.HTTPStatus() >= http.StatusInternalServerError {
			a.Log.ErrorContext(r.Context(), "an answer about a page could not be taken", "connector", r.PathValue("connector"), "error", err, "cause", errors.Unwrap(err))
		}
		httpx.WriteError(w, r, err)
	}
}

func (a *API) answered(w http.ResponseWriter, r *http.Request, name muster.ConnectorName) error {
	if err := a.knocks.Check(httpx.RemoteIP(r)); err != nil {
		return err
	}
	body, err := httpx.ReadBody(w, r, maxAnswer)
	if err != nil {
		return err
	}
	conn, page, test, err := a.answerer(r, name)
	var got []muster.PageAnswer
	if err == nil {
		got, err = conn.Answers(r, body, a.addressOf(r), cmp.Or(page, muster.PageID(test)))
	}
	if err != nil {
		if code := muster.CodeOf(err); code == muster.ErrUnauthenticated || code == muster.ErrForbidden {
			a.refused(r, "unproved answer to a page", "answer refused", muster.DocRef(muster.KindConnectors, name))
			if slow := a.strangers.Check(httpx.RemoteIP(r)); slow != nil {
				return slow
			}
		}
		return err
	}
	if err := a.answers.Check(string(name)); err != nil {
		return err
	}
	if page != "" {
		for i := range got {
			if got[i].Page != page { // the token binds the answer, whatever the body says
				got[i].Page = page
			}
		}
	}
	var text string
	if test != "" {
		text, err = a.Answers.AnswerTest(r.Context(), name, test, got)
	} else {
		text, err = a.Answers.AnswerPage(r.Context(), name, got)
	}
	switch muster.CodeOf(err) {
	case "":
	case muster.ErrForbidden: // signed, and yet not allowed: the provider did its part
		a.refused(r, muster.MessageOf(err), "answer not allowed", muster.DocRef(muster.KindConnectors, name))
	default:
		return err
	}
	return conn.WriteAnswer(w, r, text)
}

// answerer finds the connector that reads the request, and the page, or the test of a contact method, that the token names.
func (a *API) answerer(r *http.Request, name muster.ConnectorName) (_ connector.Answerer, page muster.PageID, test muster.NoticeID, err error) {
	unproved := muster.Errorf(muster.ErrUnauthenticated, "This answer cannot be proved: its signature or its address is wrong.")
	if a.Answers == nil || a.Inbound == nil {
		return nil, "", "", unproved
	}
	if token := r.PathValue("token"); token != "" {
		page, err = a.VerifyAnswer(token)
		if muster.CodeOf(err) == muster.ErrUnauthenticated && a.VerifyTestAnswer != nil {
			test, err = a.VerifyTestAnswer(token)
		}
		if err != nil {
			return nil, "", "", err
		}
	}
	c, err := a.Inbound(r.Context(), name)
	if err != nil {
		if muster.CodeOf(err) != muster.ErrNotFound {
			return nil, "", "", err
		}
		return nil, "", "", unproved
	}
	conn, ok := c.(connector.Answerer)
	if !ok {
		return nil, "", "", unproved
	}
	return conn, page, test, nil
}

// addressOf is the public address of a request: that at which the other side believes to speak to us.
func (a *API) addressOf(r *http.Request) string {
	at := a.PublicURL
	if a.Address != nil {
		at = a.Address()
	}
	u := url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	return at + u.String()
}
