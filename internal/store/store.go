// Package store says what Muster keeps and how: transactions, small interfaces for each noun, and the events that a
// commit sets free. It holds no SQL (see sqlstore) and may import the root package only.
//
// A command gets a [Tx], never a connection. It may be run more than once (a neighbour failed, a serialization failure,
// a newer catalog), so it does no I/O, keeps nothing outside the transaction and starts from its input each time. Any
// error of a statement poisons its Tx: every later call returns that error.
package store

import (
	"context"

	"github.com/muster-oncall/muster"
)

// Lane is a queue of the writer. People and the engine go before intake.
type Lane int

// The lanes.
const (
	LanePeople Lane = iota
	LaneIntake
)

// DB is a store. Write runs fn in a transaction of its own and returns after its commit; it returns fn's error with
// nothing written, and an error with code ErrUnavailable when the command was not begun (cancelled while queued, store
// closed) or when nobody knows whether it was committed. op names the command in logs and metrics.
//
// Read runs fn on one consistent snapshot.
type DB interface {
	Write(ctx context.Context, lane Lane, op string, fn func(tx Tx) error) error
	Read(ctx context.Context, fn func(r Reader) error) error
	Close() error
}

// NodeTurns is a store that several nodes share. TakeTurn waits until no other node has the turn of that name, or until ctx
// ends; whoever gets it calls done after it. A turn spares work that would be done in vain: it protects nothing. A node
// that dies loses its turn.
type NodeTurns interface {
	TakeTurn(ctx context.Context, name string) (done func(), err error)
}

// ReadDB is a store that can be read.
type ReadDB interface {
	Read(ctx context.Context, fn func(r Reader) error) error
}

// Event is something that a commit made true. Events are handed to the store's commit hook after COMMIT and before the
// replies, in the order of Emit; those of a transaction that failed are dropped.
type Event struct {
	Topic    string           // "now", "incident:<id>", "alert:<id>", "statuspage:<name>", "catalog", "timers", "deliveries"
	Parts    []string         // parts of a screen that changed, for live screens
	Seq      int64            // of the timeline entry, on incident topics
	Due      muster.Instant   // on "timers" and "deliveries": the earliest moment at which something is due
	Delivery *muster.Delivery // on "deliveries": a row that is leased to this node already
	Ready    any              // what goes with Delivery, so that whoever carries it out need not read it again
	Revision muster.Revision  // on "catalog"
}

// TopicMissed is the topic of the one hint that names nothing: anything may have changed on another node.
const TopicMissed = "missed"

// Clock gives the one instant of a transaction.
type Clock interface {
	Now() muster.Instant
}

// Reader is a read transaction.
type Reader interface {
	Clock
	SignalReader
	RejectedReader
	PulseReader
	AlertReader
	PageReader
	StormReader
	NoiseReader
	OutboxReader
	IncidentReader
	TimelineReader
	ReviewReader
	DocReader
	ContactReader
	NoticeReader
	PastReader
	ProposalReader
	SwapReader
	LeaveReader
	FeedReader
	HandoverReader
	LedgerReader
	ChainReader
	WatchReader
	AccessReader
	AuditReader
	MetaReader
}

// Tx is a write transaction. Its getters of a single row lock that row until the commit, so that what is read can be
// changed and written back.
type Tx interface {
	Reader
	Emit(Event)
	SignalWriter
	RejectedWriter
	PulseWriter
	AlertWriter
	PageWriter
	StormWriter
	NoiseWriter
	OutboxWriter
	IncidentWriter
	TimelineWriter
	ReviewWriter
	DocWriter
	ContactWriter
	NoticeWriter
	ProposalWriter
	SwapWriter
	LeaveWriter
	FeedWriter
	HandoverWriter
	AccessWriter
	AuditWriter
	ChainWriter
	MetaWriter
}

// List is what every list takes: newest first, at most Limit rows (the store's own maximum is 1,000), beginning after the
// row with the identifier After.
type List struct {
	Limit int
	After string
}
