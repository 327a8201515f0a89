package store

import "github.com/muster-oncall/muster"

// SignalReader reads signals.
type SignalReader interface {
	SignalsOf(alert muster.AlertID, l List) ([]muster.RawSignal, error) // newest first, without Raw; "" for those of no alert
	FirstSignals(a *muster.Alert) ([]muster.RawSignal, error)           // of the millisecond in which it was received, without Raw
	Signal(id muster.SignalID) (*muster.RawSignal, error)               // with Raw (of its first part)
}

// SignalWriter writes signals. InsertSignals counts those that were appended on their alerts, and sets LastSignalAt to the
// latest receipt. The alerts exist: one that does not is an error with code ErrNotFound.
type SignalWriter interface {
	InsertSignals(rows []muster.RawSignal) error
	DeleteSignalsBefore(t muster.Instant, limit int) (int, error) // the janitor's
}

// AlertKey is the identity of an open alert: at most one alert that is not resolved has it.
type AlertKey struct {
	Source      muster.SourceName
	Fingerprint muster.Fingerprint
}

// AlertFilter selects alerts. Zero fields select everything.
type AlertFilter struct {
	List
	Status   []muster.AlertStatus
	Service  muster.ServiceName
	Source   muster.SourceName
	Severity muster.AlertSeverity
	Incident muster.IncidentID
	Triage   *bool
	Query    string // words in the title, in any case
	Since    muster.Instant
}

// AlertReader reads alerts and escalations. A missing row is an error with code ErrNotFound.
type AlertReader interface {
	Alert(id muster.AlertID) (*muster.Alert, error)
	Alerts(f AlertFilter) ([]*muster.Alert, error)
	OpenAlerts(keys []AlertKey) (map[AlertKey]muster.AlertID, error) // not resolved; in a Tx the rows are locked in key order
	EscalationOf(alert muster.AlertID) (*muster.Escalation, error)   // nil without error when there is none
	CountAlerts(status ...muster.AlertStatus) (int, error)
}

// AlertWriter writes alerts and escalations. Inserting a second open alert with the same key is an error with code
// ErrConflict.
type AlertWriter interface {
	InsertAlerts(rows []*muster.Alert) error
	UpdateAlert(a *muster.Alert) error
	InsertEscalations(rows []*muster.Escalation) error
	UpdateEscalation(e *muster.Escalation) error
}

// PageReader reads pages.
type PageReader interface {
	Page(id muster.PageID) (*muster.Page, error)
	PagesOf(alert muster.AlertID) ([]*muster.Page, error) // oldest first
	// PagesSince gives those of them that were planned at an instant or later. It reads no others, of which an alert that is
	// open for long has many.
	PagesSince(alert muster.AlertID, since muster.Instant) ([]*muster.Page, error)
	PlannedPages(alert muster.AlertID) ([]*muster.Page, error)     // those of them that wait to be begun
	PagesFor(user muster.UserName, l List) ([]*muster.Page, error) // newest first; "" is everybody
	PagesByConnector(c muster.ConnectorName, l List) ([]*muster.Page, error)
}

// PageWriter writes pages. UpdatePages writes what changes in the life of a page: state, detail, the moments, the proof and
// the attempts; the rest of a page never changes. FinishPages writes the same after an attempt, except that a page which
// was proved or cancelled meanwhile keeps its state, detail and proof.
type PageWriter interface {
	InsertPages(rows []*muster.Page) error
	UpdatePages(rows []*muster.Page) error
	FinishPages(rows []*muster.Page) error
}

// OutboxReader reads timers and deliveries. The two Next methods give the zero instant when there is nothing.
type OutboxReader interface {
	NextTimer() (muster.Instant, error)
	DueTimers(now muster.Instant, limit int) ([]muster.Timer, error) // earliest first; locks nothing
	TimersOf(ref string) ([]muster.Timer, error)
	NextDelivery(now muster.Instant) (muster.Instant, error) // earliest of: due and planned, end of the lease of a started one
	Delivery(id muster.DeliveryID) (*muster.Delivery, error)
	DeliveriesBy(connector muster.ConnectorName, l List) ([]*muster.Delivery, error)
	CountDeliveries(state muster.DeliveryState) (int, error)
}

// OutboxWriter writes timers and deliveries.
type OutboxWriter interface {
	InsertTimers(rows []muster.Timer) error
	LockTimer(id muster.TimerID) (*muster.Timer, error) // nil when it is gone or another node holds it
	MoveTimer(id muster.TimerID, due muster.Instant) error
	DeleteTimer(id muster.TimerID) error
	DeleteTimersOf(ref string, kinds ...muster.TimerKind) error

	InsertDeliveries(rows []*muster.Delivery) error
	// ClaimDeliveries leases planned deliveries that are due, and started ones whose lease has ended, to node: it raises
	// their Epoch and leaves their state (a started one stays started: its outcome is unknown). No two claimers get the
	// same row.
	ClaimDeliveries(node string, now, leaseUntil muster.Instant, limit int) ([]*muster.Delivery, error)
	// UpdateDeliveries writes State, DueAt, Attempts, LeaseNode and LeaseUntil of rows whose Epoch is still the given one.
	// It returns the identifiers of those that it wrote: a missing one was claimed by somebody else since.
	UpdateDeliveries(rows []*muster.Delivery) (map[muster.DeliveryID]bool, error)
	// ReleaseLeases ends the leases of a node that starts again: what it had begun is claimed at once.
	ReleaseLeases(node string, now muster.Instant) error
	// HastenDelivery moves the planned delivery of a page forward to due.
	HastenDelivery(page muster.PageID, due muster.Instant) error
	// CancelDeliveries cancels the planned deliveries of pages that have not been started.
	CancelDeliveries(pages []muster.PageID) error
	DeleteDeliveriesBefore(t muster.Instant, limit int) (int, error) // done, failed and cancelled ones: the janitor's
}

// IncidentFilter selects incidents.
type IncidentFilter struct {
	List
	Status   []muster.IncidentStatus
	Severity muster.Severity
	Service  muster.ServiceName
	Query    string
	Public   *bool
}

// IncidentReader reads incidents, their updates and who has seen them.
type IncidentReader interface {
	Incident(id muster.IncidentID) (*muster.Incident, error)
	IncidentByKey(key muster.IncidentKey) (*muster.Incident, error)
	Incidents(f IncidentFilter) ([]*muster.Incident, error)
	Updates(id muster.IncidentID) ([]*muster.StatusUpdate, error) // newest first
	Awareness(id muster.IncidentID) ([]muster.Awareness, error)   // first to see it first
}

// IncidentWriter writes incidents.
type IncidentWriter interface {
	NextIncidentNumber() (int64, error) // a counter without repeats; locked until the commit
	InsertIncident(i *muster.Incident) error
	UpdateIncident(i *muster.Incident) error
	InsertUpdate(u *muster.StatusUpdate) error
	Seen(a muster.Awareness) (first bool, err error) // keeps the earliest First and the latest Last
}

// TimelineFilter selects entries of one incident or of one alert, oldest first.
type TimelineFilter struct {
	Incident muster.IncidentID
	Alert    muster.AlertID
	AfterSeq int64
	Limit    int // the newest so many, still oldest first; 0: 1,000
}

// TimelineReader reads timeline entries.
type TimelineReader interface {
	Timeline(f TimelineFilter) ([]*muster.Entry, error)
	Entry(id muster.EntryID) (*muster.Entry, error)
	RecentEntries(l List) ([]*muster.Entry, error) // of everything, newest first
}

// TimelineWriter appends entries. Seq counts within the incident if the entry has one, else within the alert; AppendEntries
// sets it where it is 0.
type TimelineWriter interface {
	AppendEntries(rows []*muster.Entry) error
	PinEntry(id muster.EntryID, pinned bool) error
}

// ReviewReader reads reviews.
type ReviewReader interface {
	Review(id muster.ReviewID) (*muster.Review, error)
	Reviews(l List) ([]*muster.Review, error)
}

// ReviewWriter writes reviews.
type ReviewWriter interface {
	InsertReview(r *muster.Review) error
	UpdateReview(r *muster.Review) error
}
