// Package amv2 reads what Prometheus posts to Alertmanager's own API (POST /api/v2/alerts), so that Prometheus can send
// straight to Muster: a list of alerts with labels, annotations, startsAt, endsAt and generatorURL. An alert that is no
// longer sent ends when its endsAt passes. It imports intake and the root package only.
package amv2

import (
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/intake"
)

// Parse implements [intake.Parser]. As Alertmanager does, it takes the good alerts of a request that has bad ones, and
// tells of the bad ones in the error.
func Parse(src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error) {
	root, err := intake.ReadJSON(body)
	if err != nil {
		return nil, err
	}
	if root.Type != intake.Array {
		return nil, muster.Invalid("This is not what Alertmanager's API takes", []muster.FieldError{{Path: "", Message: "a list of alerts is expected"}})
	}
	if n := len(root.List()); n > intake.MaxSignals {
		return nil, muster.Errorf(muster.ErrTooLarge, "%d alerts in one request are too many: at most %d are taken.", n, intake.MaxSignals)
	}
	var out []muster.Signal
	var wrong []muster.FieldError
	for i, a := range root.List() {
		path := fmt.Sprintf("[%d].", i)
		ends, bad := check(a, path)
		if len(bad) > 0 {
			wrong = append(wrong, bad...)
			continue
		}
		s := intake.Prometheus(src, a, path, received)
		intake.IdentifyByLabels(&s)
		switch {
		case ends.IsZero():
		case ends.After(received.Time):
			s.EndsAt = ends
		default:
			s.State = muster.SignalResolved
			intake.SetTime(&s, a.Get("endsAt").Text(), received)
		}
		s.Mapped = append(s.Mapped, "state from "+path+"endsAt")
		intake.Finish(&s, src, "Prometheus alert")
		out = append(out, s)
	}
	return out, muster.Invalid("Some alerts cannot be taken", wrong)
}

// check says what is wrong with one alert, and reads its end.
func check(a intake.Value, path string) (ends muster.Instant, f []muster.FieldError) {
	if a.Type != intake.Object {
		return ends, []muster.FieldError{{Path: path[:len(path)-1], Message: "must be an object"}}
	}
	f = append(f, intake.ObjectOfTexts(a.Get("labels"), path+"labels")...)
	f = append(f, intake.ObjectOfTexts(a.Get("annotations"), path+"annotations")...)
	if a.Path("labels.alertname").Text() == "" {
		f = append(f, muster.FieldError{Path: path + "labels.alertname", Message: "is missing: an alert needs a name"})
	}
	ends, bad := instant(a, path, "endsAt")
	f = append(f, bad...)
	begins, bad := instant(a, path, "startsAt")
	f = append(f, bad...)
	if !ends.IsZero() && !begins.IsZero() && ends.Before(begins.Time) {
		f = append(f, muster.FieldError{Path: path + "endsAt", Message: "is before startsAt"})
	}
	return ends, f
}

// instant reads a time of the contract: RFC 3339, "" or Go's zero time for none.
func instant(a intake.Value, path, name string) (muster.Instant, []muster.FieldError) {
	v := a.Get(name)
	if v.Type == intake.Absent || v.Type == intake.Null || (v.Type == intake.String && v.Text() == "") {
		return muster.Instant{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, v.Text())
	if err != nil || v.Type != intake.String {
		return muster.Instant{}, []muster.FieldError{{Path: path + name, Message: "is not a time: write it like 2026-11-27T03:12:40Z, with a zone"}}
	}
	if t.Year() <= 1 || t.Year() > 9999 {
		return muster.Instant{}, nil
	}
	return muster.At(t), nil
}
