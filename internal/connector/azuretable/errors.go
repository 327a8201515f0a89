package azuretable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

var errUnreadable = errors.New("the answer cannot be read: is the address that of a table service?")

// answer is what the service said no with. A transaction that failed is answered 202: status and code of the change that
// failed stand inside.
func answer(err error) (status int, code string, header http.Header, ok bool) {
	e, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		return 0, "", nil, false
	}
	status, code = e.StatusCode, e.ErrorCode
	if e.RawResponse == nil {
		return status, code, nil, true
	}
	header = e.RawResponse.Header
	if status < 300 {
		body, rerr := runtime.Payload(e.RawResponse) // azcore keeps it
		if rerr != nil {
			return http.StatusBadGateway, "", header, true
		}
		status, code = inner(body)
	}
	return status, code, header, true
}

var (
	innerStatus = regexp.MustCompile(`(?m)^HTTP/1\.1 ([45]\d\d) `)
	innerCode   = regexp.MustCompile(`"code"\s*:\s*"([A-Za-z]{1,60})"`)
	plainCode   = regexp.MustCompile(`^[A-Za-z]{1,60}$`)
)

func inner(body []byte) (status int, code string) {
	status = http.StatusBadGateway // an answer of no known form
	if m := innerStatus.FindSubmatch(body); m != nil {
		status, _ = strconv.Atoi(string(m[1])) // three digits
	}
	if m := innerCode.FindSubmatch(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))); m != nil {
		code = string(m[1])
	}
	return status, code
}

// isConflict reports whether a row was changed, added or deleted since it was read.
func isConflict(err error) bool {
	status, code, _, ok := answer(err)
	for _, c := range []aztables.TableErrorCode{
		aztables.UpdateConditionNotSatisfied, aztables.EntityAlreadyExists, aztables.ResourceNotFound, aztables.EntityNotFound,
	} {
		if ok && code == string(c) {
			return true
		}
	}
	return ok && status == http.StatusPreconditionFailed
}

// explain turns what aztables says into an error for people. Neither the body of an answer nor an address with a
// signature in it shows.
func (c *Connector) explain(err error) error {
	if status, code, header, ok := answer(err); ok {
		return c.explainAnswer(status, code, header)
	}
	if errors.Is(err, httpx.ErrRefused) {
		return connector.Permanent(httpx.ErrRefused)
	}
	if errors.Is(err, errUnreadable) {
		return connector.Temporary(errUnreadable, 0)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return connector.Temporary(errors.New("the table service did not answer in time"), 0)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return connector.Temporary(fmt.Errorf("the table service cannot be reached: %w", u.Err), 0)
	}
	return connector.Temporary(errUnreadable, 0)
}

func (c *Connector) explainAnswer(status int, code string, header http.Header) error {
	if !plainCode.MatchString(code) {
		code = ""
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return connector.Permanent(fmt.Errorf("the storage account refuses the key or signature%s: renew it if it has expired, and look whether this machine's clock is right", said(code)))
	case code == string(aztables.TableNotFound), code == string(aztables.ResourceNotFound), status == http.StatusNotFound:
		return connector.Permanent(fmt.Errorf("there is no table %s in the storage account: create it, or correct the setting", c.table))
	}
	err := connector.StatusError(&http.Response{StatusCode: status, Header: header}, time.Now())
	if code == "" {
		return err
	}
	worded := fmt.Errorf("%w%s", err, said(code))
	if connector.IsPermanent(err) {
		return connector.Permanent(worded)
	}
	return connector.Temporary(worded, connector.RetryAfter(err))
}

func said(code string) string {
	if code == "" {
		return ""
	}
	return " (" + muster.Clip(code, 60) + ")"
}
