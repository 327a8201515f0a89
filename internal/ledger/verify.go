package ledger

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/muster-oncall/muster"
)

// Report is what a verification looked at, and the first thing that is wrong.
type Report struct {
	Rows        int64              `json:"rows"`     // of the chain
	Unsealed    int                `json:"unsealed"` // written too lately to be in it
	Events      int64              `json:"events"`   // in all rows
	Pages       int64              `json:"pages"`    // that were compared with their events
	Older       int64              `json:"older"`    // pages from before the ledger began
	Audit       int64              `json:"audit"`    // rows of the security log
	Checkpoints int                `json:"checkpoints"`
	From        muster.Instant     `json:"from"`  // of the first row
	Until       muster.Instant     `json:"until"` // of the last row
	Head        string             `json:"head"`  // "812:9f86d0…": position and hash of the last row, to be kept elsewhere
	Key         string             `json:"key"`   // public key of the checkpoints
	Last        *muster.Checkpoint `json:"last,omitempty"`
	Wrong       string             `json:"wrong,omitempty"` // "" when nothing is
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return r.Wrong == "" }

// Verifier takes everything that an installation has, in this order: checkpoints, rows by position, rows that are not sealed
// yet, pages, the security log from its end to its beginning; then End. All of it must be of one moment.
type Verifier struct {
	// Key is the public key that checkpoints must be signed with; "" is that of the first checkpoint.
	Key string
	// Known is a head that was kept elsewhere, "POSITION:HASH"; "" is none.
	Known string

	report Report
	before string           // hash of the row before
	marks  map[int64]string // hash that a checkpoint gives to a position
	audits map[int64]string // the same for the security log
	highA  int64            // highest of them
	newest *muster.AuditEntry
	after  *muster.AuditEntry
	known  bool
	folds  map[muster.PageID]*fold
}

// fold is what the ledger says of a page.
type fold struct {
	rank    int
	state   muster.PageState
	ident   uint64 // of what never changes; 0: the ledger has not seen it being planned
	proved  muster.Instant
	at      muster.Instant // of the first event
	matched bool
}

func (v *Verifier) wrong(format string, args ...any) {
	if v.report.Wrong == "" {
		v.report.Wrong = fmt.Sprintf(format, args...)
	}
}

// Checkpoint takes a checkpoint.
func (v *Verifier) Checkpoint(c *muster.Checkpoint) {
	if v.marks == nil {
		v.marks, v.audits = map[int64]string{}, map[int64]string{}
	}
	if v.Key == "" {
		v.Key = c.Key
	}
	v.report.Checkpoints++
	switch {
	case c.Key != v.Key:
		v.wrong("The checkpoint at row %d is signed with another key than the others: somebody else made it, or the sealing key was changed.", c.Position)
	case !Signed(v.Key, c):
		v.wrong("The checkpoint at row %d is not what was signed.", c.Position)
	case v.marks[c.Position] != "" && v.marks[c.Position] != c.Hash:
		v.wrong("Two checkpoints tell different things about row %d: the ledger was written anew.", c.Position)
	}
	v.marks[c.Position] = c.Hash
	if c.AuditSeq > 0 {
		if h := v.audits[c.AuditSeq]; h != "" && h != c.AuditHash {
			v.wrong("Two checkpoints tell different things about row %d of the security log: it was written anew.", c.AuditSeq)
		}
		v.audits[c.AuditSeq] = c.AuditHash
		v.highA = max(v.highA, c.AuditSeq)
	}
	if v.report.Last == nil || c.Position >= v.report.Last.Position {
		last := *c
		v.report.Last = &last
	}
}

// Row takes a row: those of the chain first, then those without a position.
func (v *Verifier) Row(row *muster.LedgerRow) {
	if row.Position == 0 {
		v.report.Unsealed++
		v.events(row)
		return
	}
	if want := v.report.Rows + 1; row.Position != want {
		v.wrong("The ledger was changed: row %d is missing.", want)
		v.report.Rows = row.Position - 1
	}
	v.report.Rows++
	switch {
	case row.Body == "" && row.At.IsZero():
		v.wrong("The ledger was changed: row %d (%s) was removed.", row.Position, row.ID)
	case Hash(v.before, row.Position, Digest(row)) != row.Hash:
		v.wrong("The ledger was changed: row %d (%s, of %s) is not what was written.", row.Position, row.ID, row.At.Format(time.RFC3339))
	}
	if mark := v.marks[row.Position]; mark != "" && mark != row.Hash {
		v.wrong("The ledger was written anew: row %d is another one than the signed checkpoint says.", row.Position)
	}
	head := fmt.Sprintf("%d:%s", row.Position, row.Hash)
	v.known = v.known || head == v.Known
	v.before, v.report.Head = row.Hash, head
	if v.report.From.IsZero() {
		v.report.From = row.At
	}
	v.report.Until = row.At
	v.events(row)
}

func (v *Verifier) events(row *muster.LedgerRow) {
	if row.Body == "" {
		return
	}
	list, err := Events(row.Body)
	if err != nil {
		v.wrong("The ledger was changed: row %d (%s) cannot be read.", row.Position, row.ID)
		return
	}
	if v.folds == nil {
		v.folds = map[muster.PageID]*fold{}
	}
	for i := range list {
		e := &list[i]
		v.report.Events++
		if e.Page == "" || e.After() == "" {
			continue
		}
		f := v.folds[e.Page]
		if f == nil {
			f = &fold{rank: -1, at: row.At}
			v.folds[e.Page] = f
		}
		f.add(e, row.At)
	}
}

// What is final outranks what is not: a page that was proved stays so, and so does one that was cancelled unless somebody
// answers it yet.
const (
	rankCancelled = 1 << 24
	rankProved    = 1 << 25
)

// add folds an event in. The order in which events come does not matter: on PostgreSQL commits pass each other.
func (f *fold) add(e *muster.LedgerEvent, at muster.Instant) {
	if !e.At.IsZero() {
		at = e.At
	}
	state, rank := e.After(), e.N
	switch state {
	case muster.PageProved:
		rank += rankProved
		if f.proved.IsZero() || at.Before(f.proved.Time) {
			f.proved = at
		}
	case muster.PageCancelled:
		rank += rankCancelled
	default:
	}
	if rank > f.rank {
		f.rank, f.state = rank, state
	}
	if e.Kind == muster.LedgerPlanned {
		f.ident = ident(e.Alert, e.Person, e.Method, e.Connector, e.Step, e.Round, e.Why)
	}
}

func ident(a muster.AlertID, u muster.UserName, method string, c muster.ConnectorName, step, round int, why string) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s\n%s\n%s\n%s\n%d\n%d\n%s", a, u, method, c, step, round, why) // a hash takes everything
	return h.Sum64() | 1
}

// PageFacts is what is compared of a page's row with the ledger.
type PageFacts struct {
	ID        muster.PageID        `json:"id"`
	Alert     muster.AlertID       `json:"alert"`
	Person    muster.UserName      `json:"person"`
	Method    string               `json:"method"`
	Connector muster.ConnectorName `json:"connector"`
	Step      int                  `json:"step"`
	Round     int                  `json:"round"`
	State     muster.PageState     `json:"state"`
	PlannedAt muster.Instant       `json:"planned_at"`
	ProvedAt  muster.Instant       `json:"proved_at"`
	Why       string               `json:"why"`
}

// Facts are those of a page.
func Facts(p *muster.Page) PageFacts {
	return PageFacts{
		ID: p.ID, Alert: p.Alert, Person: p.Person, Method: p.Method, Connector: p.Connector, Step: p.Step, Round: p.Round,
		State: p.State, PlannedAt: p.PlannedAt, ProvedAt: p.ProvedAt, Why: muster.WhyPerson(p.Why),
	}
}

// Page takes a page.
func (v *Verifier) Page(p PageFacts) {
	f := v.folds[p.ID]
	if f == nil {
		if !v.report.From.IsZero() && p.PlannedAt.Before(v.report.From.Time) {
			v.report.Older++
			return
		}
		v.wrong("The page %s for %s is in no row of the ledger: it was added, or its rows were removed.", p.ID, p.Person)
		return
	}
	v.report.Pages++
	f.matched = true
	switch {
	case f.state != p.State:
		v.wrong("The page %s for %s says %q, and the ledger says %q.", p.ID, p.Person, p.State, f.state)
	case f.ident != 0 && f.ident != ident(p.Alert, p.Person, p.Method, p.Connector, p.Step, p.Round, p.Why):
		v.wrong("The page %s was changed: whom it was for, how or why is not what the ledger says.", p.ID)
	case f.state == muster.PageProved && f.ident != 0 && !f.proved.Equal(p.ProvedAt.Time):
		v.wrong("The page %s for %s was proved at %s, and the ledger says at %s.", p.ID, p.Person, p.ProvedAt.Format(time.RFC3339), f.proved.Format(time.RFC3339))
	}
}

// Audit takes a row of the security log, the newest first.
func (v *Verifier) Audit(e *muster.AuditEntry) {
	hash, err := AuditHash(*e)
	switch {
	case err != nil || hash != e.Hash:
		v.wrong("The security log was changed: row %d is not what was written.", e.Seq)
	case v.after != nil && (e.Seq != v.after.Seq-1 || e.Hash != v.after.Before):
		v.wrong("The security log was changed: something is missing before row %d.", v.after.Seq)
	}
	if mark := v.audits[e.Seq]; mark != "" && mark != e.Hash {
		v.wrong("The security log was written anew: row %d is another one than the signed checkpoint says.", e.Seq)
	}
	if v.newest == nil {
		v.newest = e
	}
	v.report.Audit++
	v.after = e
}

// End looks for what is missing at the ends and gives the report.
func (v *Verifier) End() Report {
	r := &v.report
	r.Key = v.Key
	switch {
	case r.Last != nil && r.Last.Position > r.Rows:
		v.wrong("The end of the ledger was cut off: it has %d rows, and the signed checkpoint of %s says %d.", r.Rows, r.Last.At.Format(time.RFC3339), r.Last.Position)
	case v.Known != "" && v.Known != "0:" && !v.known:
		v.wrong("The ledger does not lead to the row that you know (%s): it was written anew or cut off.", muster.Clip(v.Known, 40))
	}
	newest := int64(0)
	if v.newest != nil {
		newest = v.newest.Seq
	}
	if v.highA > newest {
		v.wrong("The end of the security log was cut off: it has %d rows, and a signed checkpoint says %d.", newest, v.highA)
	}
	if v.after != nil && (v.after.Seq != 1 || v.after.Before != "") {
		v.wrong("The security log was changed: it begins with row %d.", v.after.Seq)
	}
	var first muster.PageID
	for id, f := range v.folds {
		if !f.matched && (first == "" || id < first) {
			first = id
		}
	}
	if first != "" {
		v.wrong("The page %s is in the ledger (%s) and nowhere else: its row was removed.", first, v.folds[first].state)
	}
	return *r
}

// Short is the beginning of a hash, for people.
func Short(hash string) string {
	if b, err := hex.DecodeString(hash); err == nil && len(b) > 6 {
		return hash[:12]
	}
	return hash
}

// Lines tells a report to people.
func (r *Report) Lines() []string {
	out := []string{fmt.Sprintf("%d rows of the ledger with %d events, from %s to %s", r.Rows, r.Events, when(r.From), when(r.Until))}
	if r.Unsealed > 0 {
		out = append(out, fmt.Sprintf("%d newer rows that are not in the chain yet", r.Unsealed))
	}
	pages := fmt.Sprintf("%d pages compared with their events", r.Pages)
	if r.Older > 0 {
		pages += fmt.Sprintf("; %d are older than the ledger", r.Older)
	}
	out = append(out, pages, fmt.Sprintf("%d rows of the security log", r.Audit), fmt.Sprintf("%d signed checkpoints", r.Checkpoints))
	if r.Last != nil {
		out = append(out, fmt.Sprintf("the last one at row %d, of %s", r.Last.Position, when(r.Last.At)))
	}
	if r.Head != "" {
		out = append(out, "head "+r.Head)
	}
	if r.Key != "" {
		out = append(out, "key  "+r.Key)
	}
	if r.OK() {
		return append(out, "Nothing is wrong.")
	}
	return append(out, "WRONG: "+r.Wrong)
}

func when(i muster.Instant) string {
	if i.IsZero() {
		return "never"
	}
	return i.UTC().Format("2006-01-02 15:04:05 UTC")
}
