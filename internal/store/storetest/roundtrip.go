package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// same compares what came back with what was written.
func same[T any](w *world, what string, wrote, read T) {
	w.Helper()
	if !reflect.DeepEqual(wrote, read) {
		a, _ := json.MarshalIndent(wrote, "", " ")
		b, _ := json.MarshalIndent(read, "", " ")
		w.Fatalf("%s: wrote\n%.4000s\n%+v\nread\n%.4000s\n%+v", what, a, short(wrote), b, short(read))
	}
}

func short(v any) string { return muster.Clip(fmt.Sprintf("%+v", v), 3000) }

// roundTrips writes nouns with random content, reads them, overwrites them with other content and reads them again.
func roundTrips(w *world) {
	seed := uint64(time.Now().UnixNano())
	w.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 25 {
		facts(w, r)
		tracking(w, r)
		settings(w, r)
	}
}

// trip writes a noun twice and reads it back each time, in the writing transaction, too.
func trip[T any](w *world, what string, make func() *T, insert, update func(store.Tx, *T) error, get func(store.Reader) (*T, error)) {
	w.Helper()
	check := func(v *T) func(store.Reader) error {
		return func(r store.Reader) error {
			got, err := get(r)
			if err == nil {
				same(w, what, v, got)
			}
			return err
		}
	}
	v := make()
	w.write(func(tx store.Tx) error {
		if err := insert(tx, v); err != nil {
			return err
		}
		return check(v)(tx)
	})
	w.read(check(v))
	if update == nil {
		return
	}
	v = make()
	w.write(func(tx store.Tx) error { return update(tx, v) })
	w.read(check(v))
}

func facts(w *world, r *rand.Rand) {
	alert, page, delivery, timer := id[muster.AlertID](w), id[muster.PageID](w), id[muster.DeliveryID](w), id[muster.TimerID](w)
	trip(w, "alert", func() *muster.Alert { return randomAlert(w, r, alert) },
		func(tx store.Tx, a *muster.Alert) error { return tx.InsertAlerts([]*muster.Alert{a}) },
		store.Tx.UpdateAlert, func(r store.Reader) (*muster.Alert, error) { return r.Alert(alert) })

	signal := random(r, func(s *muster.RawSignal) {
		s.ID, s.Alert, s.First, s.Same = id[muster.SignalID](w), alert, "", ""
		s.Outcome = pick(r, muster.OutcomeOpened, muster.OutcomeAppended, muster.OutcomeResolved, muster.OutcomeSilenced, muster.OutcomeTriage, muster.OutcomeRejected)
	})
	trip(w, "signal", func() *muster.RawSignal { return signal },
		func(tx store.Tx, s *muster.RawSignal) error { return tx.InsertSignals([]muster.RawSignal{*s}) },
		nil, func(r store.Reader) (*muster.RawSignal, error) { return r.Signal(signal.ID) })

	escalation := id[muster.EscalationID](w)
	trip(w, "escalation", func() *muster.Escalation {
		return random(r, func(e *muster.Escalation) {
			e.ID, e.Alert = escalation, alert
			e.Status = pick(r, muster.EscalationRunning, muster.EscalationPaused, muster.EscalationExhausted, muster.EscalationEnded)
		})
	}, func(tx store.Tx, e *muster.Escalation) error { return tx.InsertEscalations([]*muster.Escalation{e}) },
		store.Tx.UpdateEscalation, func(r store.Reader) (*muster.Escalation, error) { return r.EscalationOf(alert) })

	connector, person := name[muster.ConnectorName](r), name[muster.UserName](r)
	var born *muster.Page // what never changes in a page stays as it was inserted
	trip(w, "page", func() *muster.Page {
		return random(r, func(p *muster.Page) {
			p.ID, p.Alert, p.Person, p.Connector = page, alert, person, connector
			if born == nil {
				p.Digest = []muster.AlertID{alert, id[muster.AlertID](w)} // they are looked up by it: an index holds no long text
				born = p
			}
			p.Escalation, p.Method, p.Contact, p.Step, p.Round = born.Escalation, born.Method, born.Contact, born.Step, born.Round
			p.PlannedAt, p.Why, p.Revision = born.PlannedAt, born.Why, born.Revision
			p.Repeats, p.Digest, p.Service, p.Apart = born.Repeats, born.Digest, born.Service, born.Apart
			p.State = pick(r, muster.PagePlanned, muster.PageStarted, muster.PageAccepted, muster.PageProved, muster.PageUnknown, muster.PageFailed, muster.PageCancelled)
		})
	}, func(tx store.Tx, p *muster.Page) error { return tx.InsertPages([]*muster.Page{p}) },
		func(tx store.Tx, p *muster.Page) error { return tx.UpdatePages([]*muster.Page{p}) },
		func(r store.Reader) (*muster.Page, error) { return r.Page(page) })

	var first *muster.Delivery
	trip(w, "delivery", func() *muster.Delivery {
		d := random(r, func(d *muster.Delivery) {
			d.ID, d.Ref = delivery, strings.ReplaceAll(d.Ref, "\x00", "") // columns have no NUL
			d.Service, d.Urgency = "cart", pick(r, muster.UrgencyHigh, muster.UrgencyLow)
			d.Kind, d.LeaseNode = muster.DeliverPage, "node"
			d.Connector, d.Page, d.Alert = connector, page, alert
			d.State = pick(r, muster.DeliveryPlanned, muster.DeliveryStarted, muster.DeliveryDone, muster.DeliveryFailed, muster.DeliveryCancelled)
		})
		if first == nil {
			first = d
		}
		d.Ref, d.Payload, d.Epoch, d.CreatedAt = first.Ref, first.Payload, first.Epoch, first.CreatedAt // these never change
		d.Service, d.Urgency = first.Service, first.Urgency
		return d
	}, func(tx store.Tx, d *muster.Delivery) error { return tx.InsertDeliveries([]*muster.Delivery{d}) },
		func(tx store.Tx, d *muster.Delivery) error {
			_, err := tx.UpdateDeliveries([]*muster.Delivery{d})
			return err
		},
		func(r store.Reader) (*muster.Delivery, error) { return r.Delivery(delivery) })

	row := random(r, func(t *muster.Timer) {
		t.ID, t.Kind, t.Ref = timer, muster.TimerEscalate, string(escalation)
	})
	w.write(func(tx store.Tx) error { return tx.InsertTimers([]muster.Timer{*row}) })
	w.read(func(r store.Reader) error {
		got, err := r.TimersOf(string(escalation))
		same(w, "timer", []muster.Timer{*row}, got)
		return err
	})
	w.write(func(tx store.Tx) error { return tx.DeleteTimer(timer) })
}

func randomAlert(w *world, r *rand.Rand, alert muster.AlertID) *muster.Alert {
	return random(r, func(a *muster.Alert) {
		a.ID, a.Source, a.Fingerprint = alert, name[muster.SourceName](r), muster.Fingerprint(w.ids.Token(16))
		a.Status = pick(r, muster.AlertOpen, muster.AlertAcknowledged, muster.AlertResolved)
		a.Service, a.Severity, a.Incident = name[muster.ServiceName](r), muster.SeverityMajor, ""
		if a.NextWakeAt.IsZero() {
			a.Triage = true
		}
	})
}

func tracking(w *world, r *rand.Rand) {
	incident := id[muster.IncidentID](w)
	trip(w, "incident", func() *muster.Incident {
		return random(r, func(i *muster.Incident) {
			i.ID, i.Key, i.Service, i.Severity = incident, muster.KeyOf(i.Number), name[muster.ServiceName](r), muster.SEV2
			i.Number, i.Created = r.Int64(), false
			i.Key = muster.KeyOf(i.Number)
			i.Status = pick(r, muster.IncidentOpen, muster.IncidentMitigated, muster.IncidentResolved, muster.IncidentClosed)
		})
	}, store.Tx.InsertIncident, store.Tx.UpdateIncident, func(r store.Reader) (*muster.Incident, error) { return r.Incident(incident) })

	trip(w, "status update", func() *muster.StatusUpdate {
		return random(r, func(u *muster.StatusUpdate) { u.ID, u.Incident = id[muster.UpdateID](w), incident })
	}, store.Tx.InsertUpdate, nil, func(r store.Reader) (*muster.StatusUpdate, error) {
		list, err := r.Updates(incident)
		return list[0], err
	})

	entry := random(r, func(e *muster.Entry) {
		e.ID, e.Seq = id[muster.EntryID](w), 0
		e.Incident, e.Alert = pick(r, incident, ""), id[muster.AlertID](w)
	})
	trip(w, "entry", func() *muster.Entry { return entry },
		func(tx store.Tx, e *muster.Entry) error { return tx.AppendEntries([]*muster.Entry{e}) },
		func(tx store.Tx, e *muster.Entry) error {
			e.Pinned = !e.Pinned
			return tx.PinEntry(e.ID, e.Pinned)
		},
		func(r store.Reader) (*muster.Entry, error) { return r.Entry(entry.ID) })

	review := id[muster.ReviewID](w)
	trip(w, "review", func() *muster.Review {
		return random(r, func(v *muster.Review) {
			v.ID, v.Incident, v.Created, v.Status = review, incident, false, pick(r, muster.ReviewDraft, muster.ReviewPublished)
		})
	}, store.Tx.InsertReview, store.Tx.UpdateReview, func(r store.Reader) (*muster.Review, error) { return r.Review(review) })

	seen := random(r, func(a *muster.Awareness) {
		a.Incident, a.Person, a.Name, a.Via = incident, name[muster.UserName](r), "Ana 中 Rossi", muster.SurfaceWeb
	})
	w.write(func(tx store.Tx) error {
		first, err := tx.Seen(*seen)
		if !first {
			w.Error("the first sighting was not the first")
		}
		return err
	})
	w.read(func(r store.Reader) error {
		got, err := r.Awareness(incident)
		same(w, "awareness", []muster.Awareness{*seen}, got)
		return err
	})
}

func settings(w *world, r *rand.Rand) {
	contact := id[muster.ContactID](w)
	trip(w, "contact", func() *muster.Contact {
		return random(r, func(c *muster.Contact) { c.ID, c.User = contact, name[muster.UserName](r) })
	}, store.Tx.InsertContact, store.Tx.UpdateContact, func(r store.Reader) (*muster.Contact, error) { return r.Contact(contact) })

	notice := id[muster.NoticeID](w)
	told := randomNotice(w, r, notice)
	trip(w, "notice", func() *muster.Notice { return told }, insertNotice, nil,
		func(r store.Reader) (*muster.Notice, error) { return r.Notice(notice) })

	swap := id[muster.SwapRequestID](w)
	trip(w, "swap request", func() *muster.SwapRequest {
		return random(r, func(s *muster.SwapRequest) {
			s.ID, s.Roster, s.Status = swap, name[muster.RosterName](r), pick(r, muster.SwapStatuses()...)
		})
	}, store.Tx.InsertSwapRequest, store.Tx.UpdateSwapRequest, func(r store.Reader) (*muster.SwapRequest, error) { return r.SwapRequest(swap) })

	hash := w.ids.Token(32)
	session := random(r, func(s *muster.Session) {
		s.ID, s.ExpiresAt = id[muster.SessionID](w), muster.At(time.Now().Add(time.Hour))
		s.User = name[muster.UserName](r)
	})
	trip(w, "session", func() *muster.Session { return session },
		func(tx store.Tx, s *muster.Session) error { return tx.InsertSession(hash, s) }, nil,
		func(r store.Reader) (*muster.Session, error) { return r.SessionByHash(hash) })

	key := id[muster.APIKeyID](w)
	trip(w, "API key", func() *muster.APIKey {
		return random(r, func(k *muster.APIKey) { k.ID, k.RevokedAt = key, muster.Instant{} })
	}, func(tx store.Tx, k *muster.APIKey) error { return tx.InsertKey(hash, k) }, store.Tx.UpdateKey,
		func(r store.Reader) (*muster.APIKey, error) { return r.KeyByHash(hash) })

	audit := random(r, func(e *muster.AuditEntry) { e.ID = id[muster.AuditID](w) })
	w.write(func(tx store.Tx) error {
		last, err := tx.LastAudit()
		if err != nil {
			return err
		}
		if audit.Seq = 1; last != nil {
			audit.Seq = last.Seq + 1
		}
		return tx.InsertAudit(audit)
	})
	w.read(func(r store.Reader) error {
		got, err := r.LastAudit()
		same(w, "audit entry", audit, got)
		return err
	})

	doc := random(r, func(d *muster.DocRevision) {
		d.Kind, d.Name = muster.KindRosters, string(id[muster.AlertID](w))
		d.Body, d.Why = strings.ReplaceAll(d.Body, "\x00", "")+"{}", strings.ReplaceAll(d.Why, "\x00", "")
	})
	w.write(func(tx store.Tx) (err error) {
		doc.Revision, err = tx.LockHead()
		if err != nil {
			return err
		}
		doc.Revision++
		return tx.InsertDocs([]muster.DocRevision{*doc})
	})
	w.read(func(r store.Reader) error {
		got, err := r.DocHistory(doc.Kind, doc.Name, store.List{})
		same(w, "document", []muster.DocRevision{*doc}, got)
		return err
	})

	answer := random(r, func(a *store.Replayed) {
		a.Key, a.RequestHash = w.ids.Token(16), w.ids.Token(16)
	})
	w.write(func(tx store.Tx) error { return tx.InsertReplayed(answer) })
	w.read(func(r store.Reader) error {
		got, err := r.Replayed(answer.Key)
		same(w, "remembered answer", answer, got)
		return err
	})
}

// hostileText writes what JSON and columns cannot hold as it is: it must not fail a command.
func hostileText(w *world) {
	evil := "a\x00b\xff\xfe \u202e<script>' OR 1=1 --%_\\"
	alert := w.alert(func(a *muster.Alert) { a.Title = evil; a.Labels = map[string]string{evil: evil} })
	w.write(func(tx store.Tx) error {
		if err := tx.InsertAlerts([]*muster.Alert{alert}); err != nil {
			return err
		}
		if err := tx.SetMeta("evil", evil); err != nil {
			return err
		}
		return tx.InsertDeliveries([]*muster.Delivery{{ID: id[muster.DeliveryID](w), Kind: muster.DeliverWebhook, State: muster.DeliveryPlanned, Ref: evil, Payload: json.RawMessage("\"\xff\x00\"")}})
	})
	w.read(func(r store.Reader) error {
		if _, err := r.KeyByHash(evil); muster.CodeOf(err) != muster.ErrNotFound {
			w.Errorf("looking for a key with a hostile text: %v", err)
		}
		list, err := r.Alerts(store.AlertFilter{Query: "<SCRIPT>' %_\\"})
		if len(list) != 1 {
			w.Errorf("found %d alerts with the hostile title", len(list))
		}
		return err
	})
}
