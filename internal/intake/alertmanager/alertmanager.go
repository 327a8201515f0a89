// Package alertmanager reads the webhook of Prometheus Alertmanager, version 4 of its payload: one signal for each alert
// of the group. It imports intake and the root package only.
package alertmanager

import (
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/intake"
)

// Parse implements [intake.Parser]. Alerts that are not what the format promises are told of in the error; the others are
// returned beside it.
func Parse(src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error) {
	root, err := intake.ReadJSON(body)
	if err != nil {
		return nil, err
	}
	list := root.Get("alerts")
	if list.Type != intake.Array {
		return nil, muster.Invalid("This is not Alertmanager's webhook", []muster.FieldError{{Path: "alerts", Message: "is missing: a list of alerts is expected"}})
	}
	if n := len(list.List()); n > intake.MaxSignals {
		return nil, muster.Errorf(muster.ErrTooLarge, "%d alerts in one request are too many: at most %d are taken.", n, intake.MaxSignals)
	}
	group, _ := state(root.Get("status").Text())
	var out []muster.Signal
	var wrong []muster.FieldError
	for i, a := range list.List() {
		path := fmt.Sprintf("alerts[%d].", i)
		bad := check(a, path)
		if len(bad) > 0 {
			wrong = append(wrong, bad...)
			continue
		}
		s := intake.Prometheus(src, a, path, received)
		s.State = group
		if own, ok := state(a.Get("status").Text()); ok {
			s.State = own
		}
		if s.State == muster.SignalResolved && a.Get("endsAt").Text() != "" {
			intake.SetTime(&s, a.Get("endsAt").Text(), received)
		}
		if s.Key = a.Get("fingerprint").Text(); s.Key == "" {
			intake.IdentifyByLabels(&s)
		} else {
			s.Mapped = append(s.Mapped, "key from "+path+"fingerprint")
		}
		intake.Finish(&s, src, "Alertmanager alert")
		out = append(out, s)
	}
	return out, muster.Invalid("Some alerts are not what Alertmanager sends", wrong)
}

func check(a intake.Value, path string) []muster.FieldError {
	if a.Type != intake.Object {
		return []muster.FieldError{{Path: path[:len(path)-1], Message: "must be an object"}}
	}
	return append(intake.ObjectOfTexts(a.Get("labels"), path+"labels"), intake.ObjectOfTexts(a.Get("annotations"), path+"annotations")...)
}

func state(word string) (muster.SignalState, bool) {
	switch word {
	case "resolved":
		return muster.SignalResolved, true
	case "firing":
		return muster.SignalFiring, true
	}
	return muster.SignalFiring, false
}
