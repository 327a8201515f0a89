package muster

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Identifiers of runtime facts: a prefix that names the kind, 48 bits of milliseconds since 1970 and 80 random bits, in
// lower-case hexadecimal: "alt_019aab3c5d10f3a1…". They sort by the time at which they were made.
type (
	AlertID       string // alt_
	SignalID      string // sig_
	EscalationID  string // esc_
	PageID        string // pag_
	DeliveryID    string // dlv_
	TimerID       string // tmr_
	IncidentID    string // inc_
	EntryID       string // ent_
	UpdateID      string // upd_
	ReviewID      string // rev_
	ActionID      string // act_: a current action
	TheoryID      string // thy_
	FindingID     string // fnd_
	ActionItemID  string // itm_
	SessionID     string // ses_
	APIKeyID      string // key_
	ContactID     string // con_
	AuditID       string // aud_
	NoticeID      string // ntc_
	ProposalID    string // chg_
	SwapRequestID string // swp_
	LeaveID       string // lve_
	FeedID        string // fed_: a calendar feed of shifts
	HandoverID    string // hnd_: a hand-over note
	LedgerID      string // led_: a row of the ledger of pages
)

// Names of documents. A name is immutable; documents and facts refer to each other by it.
type (
	UserName       string
	TeamName       string
	ServiceName    string
	RosterName     string
	PolicyName     string
	RouteName      string
	SilenceName    string
	SourceName     string
	RunbookName    string
	ConnectorName  string
	StatusPageName string
)

// Revision counts the changes of the catalog: one number for all documents, without holes. 0 is the empty catalog.
type Revision int64

// prefixes is the one table of identifier prefixes.
func prefixOf[T ~string]() string {
	var zero T
	switch any(zero).(type) {
	case AlertID:
		return "alt"
	case SignalID:
		return "sig"
	case EscalationID:
		return "esc"
	case PageID:
		return "pag"
	case DeliveryID:
		return "dlv"
	case TimerID:
		return "tmr"
	case IncidentID:
		return "inc"
	case EntryID:
		return "ent"
	case UpdateID:
		return "upd"
	case ReviewID:
		return "rev"
	case ActionID:
		return "act"
	case TheoryID:
		return "thy"
	case FindingID:
		return "fnd"
	case ActionItemID:
		return "itm"
	case SessionID:
		return "ses"
	case APIKeyID:
		return "key"
	case ContactID:
		return "con"
	case AuditID:
		return "aud"
	case NoticeID:
		return "ntc"
	case ProposalID:
		return "chg"
	case SwapRequestID:
		return "swp"
	case LeaveID:
		return "lve"
	case FeedID:
		return "fed"
	case HandoverID:
		return "hnd"
	case LedgerID:
		return "led"
	}
	panic(fmt.Sprintf("muster: %T is not an identifier with a prefix", zero))
}

// IDs makes identifiers from an entropy source that the application hands in (a simulator seeds it). It is safe for
// concurrent use: the source is read under a lock, in blocks.
type IDs struct {
	mu  sync.Mutex
	src io.Reader
	buf [1000]byte
	n   int // unread bytes at the end of buf
}

// NewIDs returns a maker that draws its random bits from src.
func NewIDs(src io.Reader) *IDs { return &IDs{src: src} }

// random fills b. A failing entropy source cannot be lived with (identifiers would repeat), so it panics, as
// crypto/rand does; the writer catches panics of commands.
func (g *IDs) random(b []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n < len(b) {
		if _, err := io.ReadFull(g.src, g.buf[:]); err != nil {
			panic("muster: the entropy source failed: " + err.Error())
		}
		g.n = len(g.buf)
	}
	off := len(g.buf) - g.n
	copy(b, g.buf[off:off+len(b)])
	clear(g.buf[off : off+len(b)])
	g.n -= len(b)
}

// NewID makes an identifier of type T for the instant at.
func NewID[T ~string](g *IDs, at time.Time) T {
	var raw [16]byte
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(raw[:6], ms[2:])
	g.random(raw[6:])
	p := prefixOf[T]()
	out := make([]byte, len(p)+1+32)
	copy(out, p)
	out[len(p)] = '_'
	hex.Encode(out[len(p)+1:], raw[:])
	return T(out)
}

// Token returns n random bytes in lower-case hexadecimal: 2n characters. Tokens and keys are made of it.
func (g *IDs) Token(n int) string {
	b := make([]byte, n)
	for i := 0; i < n; i += 32 {
		g.random(b[i:min(i+32, n)])
	}
	return hex.EncodeToString(b)
}

// ParseID checks that s has the shape of an identifier of type T.
func ParseID[T ~string](s string) (T, error) {
	p := prefixOf[T]()
	rest, ok := strings.CutPrefix(s, p+"_")
	if !ok || len(rest) != 32 || strings.ToLower(rest) != rest {
		return "", Errorf(ErrNotFound, "%q is not an identifier of this kind: it should look like %s_ and 32 hexadecimal digits", Clip(s, 60), p)
	}
	if _, err := hex.DecodeString(rest); err != nil {
		return "", Errorf(ErrNotFound, "%q is not an identifier: after %s_ come 32 hexadecimal digits", Clip(s, 60), p)
	}
	return T(s), nil
}

// IncidentKey is the short key of an incident for people: "INC-42".
type IncidentKey string

// KeyOf returns the key of incident number n.
func KeyOf(n int64) IncidentKey { return IncidentKey(fmt.Sprintf("INC-%d", n)) }

// ParseIncidentKey accepts "INC-42", "inc-42" and "INC42".
func ParseIncidentKey(s string) (IncidentKey, bool) {
	up := strings.ToUpper(strings.TrimSpace(s))
	rest, ok := strings.CutPrefix(up, "INC")
	if !ok {
		return "", false
	}
	rest = strings.TrimPrefix(rest, "-")
	if rest == "" || len(rest) > 12 || rest[0] == '0' {
		return "", false
	}
	for _, c := range rest {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	return IncidentKey("INC-" + rest), true
}

// Clip shortens s to at most n runes and marks the cut with an ellipsis.
func Clip(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return strings.TrimRight(s[:i], " ") + "…"
		}
		count++
	}
	return s
}

// MadeAt is the moment at which an identifier was made, to the millisecond; zero for what is none.
func MadeAt[T ~string](id T) Instant {
	_, hexID, ok := strings.Cut(string(id), "_")
	if !ok || len(hexID) < 12 {
		return Instant{}
	}
	ms, err := strconv.ParseInt(hexID[:12], 16, 64)
	if err != nil {
		return Instant{}
	}
	return At(time.UnixMilli(ms))
}
