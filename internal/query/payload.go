package query

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	"unicode"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// mappingTable is every question about what sources sent. It is a part of [Queries.Ops].
func (q *Queries) mappingTable() []muster.Op {
	const responder = muster.AccessResponder
	return []muster.Op{
		asked(muster.Op{Name: "TryMapping", Summary: "Say what a request of a source would come to, with its mapping as it is or as it would be; nothing is written", Method: "POST", Path: "/sources/{source}/try", CLI: "source try", Access: responder}, q.TryMapping),
		answer(q, muster.Op{Name: "ListPayloads", Summary: "List requests that a source sent lately, newest first", Path: "/sources/{source}/payloads", CLI: "source payloads", Access: responder, List: true}, (*read).payloads),
		answer(q, muster.Op{Name: "ListRejected", Summary: "List requests that could not be read in full, newest first", Path: "/rejected", CLI: "source rejected", Access: responder, List: true}, (*read).rejected),
		answer(q, muster.Op{Name: "GetRejected", Summary: "Show a request that could not be read in full", Path: "/rejected/{signal}", CLI: "source rejection", Access: responder}, (*read).oneRejected),
	}
}

// ListPayloads asks for what a source sent.
type ListPayloads struct {
	Source muster.SourceName `json:"source" path:"source" arg:"1" doc:"the source"`
}

// Payload is a request that a source sent, without its body: TryMapping shows that.
type Payload struct {
	Signal     muster.SignalID `json:"signal"` // its first
	ReceivedAt muster.Instant  `json:"received_at"`
	Format     string          `json:"format"`
	Outcome    muster.Outcome  `json:"outcome"` // of its first signal
	Title      string          `json:"title,omitempty"`
	Detail     string          `json:"detail,omitempty"`
}

func (r *read) payloads(in ListPayloads) (out muster.Listing[Payload], err error) {
	out.Items = []Payload{}
	if r.cat.Sources[in.Source] == nil {
		return out, noDocument(r.cat, muster.KindSources, string(in.Source))
	}
	rows, err := r.Samples(in.Source)
	for i := range rows {
		s := &rows[i]
		out.Items = append(out.Items, Payload{Signal: s.ID, ReceivedAt: s.ReceivedAt, Format: s.Format, Outcome: s.Outcome, Title: s.Signal.Title, Detail: s.Detail})
	}
	return out, err
}

// ListRejected asks for requests that could not be read in full.
type ListRejected struct {
	Source muster.SourceName     `json:"source,omitempty" query:"source" arg:"1" doc:"only those of this source"`
	Status muster.RejectedStatus `json:"status,omitempty" query:"status" doc:"waiting, replayed or dismissed; all when empty"`
	Limit  int                   `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string                `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

func (r *read) rejected(in ListRejected) (out muster.Listing[muster.RejectedSignal], err error) {
	p, err := pageOf[muster.SignalID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	f := store.RejectedFilter{List: p.list(), Source: in.Source}
	if in.Status != "" {
		wrong := words("status", []muster.RejectedStatus{in.Status}, muster.RejectedWaiting, muster.RejectedReplayed, muster.RejectedDismissed)
		if len(wrong) > 0 {
			return out, muster.Invalid("The list cannot be read like this", wrong)
		}
		f.Status = []muster.RejectedStatus{in.Status}
	}
	rows, err := r.RejectedSignals(f)
	if err != nil {
		return out, err
	}
	return muster.ListingOf(flat(rows), p.limit, func(s muster.RejectedSignal) string { return string(s.ID) }), nil
}

// OneRejected names a rejected signal.
type OneRejected struct {
	Signal muster.SignalID `json:"signal" path:"signal" arg:"1" doc:"the rejected signal's ID"`
}

// Rejection is a rejected signal with the beginning of what was received.
type Rejection struct {
	muster.RejectedSignal
	Payload string `json:"payload"` // without what is secret
	Size    int    `json:"size"`
}

func (r *read) oneRejected(in OneRejected) (*Rejection, error) {
	row, err := r.signalOf(in.Signal)
	if err != nil {
		return nil, err
	}
	s, err := r.RejectedSignal(in.Signal)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return nil, muster.Errorf(muster.ErrNotFound, "The signal %s was not rejected.", in.Signal)
	}
	if err != nil {
		return nil, err
	}
	return &Rejection{RejectedSignal: *s, Payload: shown(row.Raw, maxShown), Size: len(row.Raw)}, nil
}

// SourceState is a source and what came from it.
type SourceState struct {
	Source   *muster.Source
	Waiting  int // rejected signals, up to MaxWaiting
	LastAt   muster.Instant
	LastText string // title of the newest sample, or why it was rejected
}

// MaxWaiting is how far rejected signals are counted.
const MaxWaiting = 1000

// Sources reads the list of sources for a screen.
func (q *Queries) Sources(ctx context.Context, who Viewer) ([]SourceState, error) {
	return ask(ctx, q, who, func(r *read) (out []SourceState, err error) {
		for _, d := range r.cat.Documents(muster.KindSources) {
			src, ok := d.(*muster.Source)
			if !ok {
				continue
			}
			s := SourceState{Source: src}
			if s.Waiting, err = r.CountRejected(src.Name, MaxWaiting); err != nil {
				return nil, err
			}
			for _, from := range []muster.SourceName{src.Name, store.OwnSamples(src.Name)} {
				rows, err := r.Samples(from)
				if err != nil {
					return nil, err
				}
				if len(rows) > 0 && rows[0].ReceivedAt.After(s.LastAt.Time) {
					s.LastAt, s.LastText = rows[0].ReceivedAt, cmp.Or(rows[0].Signal.Title, rows[0].Detail)
				}
			}
			out = append(out, s)
		}
		return out, nil
	})
}

// WaitingRejected counts the rejected signals of a source that wait, up to MaxWaiting; "" is every source.
func (q *Queries) WaitingRejected(ctx context.Context, who Viewer, source muster.SourceName) (int, error) {
	return ask(ctx, q, who, func(r *read) (int, error) { return r.CountRejected(source, MaxWaiting) })
}

// What in a payload must not be shown: our own keys, which mail has in its address, and what senders call secret.
var (
	ownKey     = regexp.MustCompile(`ms[a-z]_[0-9a-f]{16,}`)
	secretHead = regexp.MustCompile(`(?im)^((?:proxy-)?authorization|cookie|set-cookie|(?:x-)?[a-z-]*(?:token|key|secret)):.*(?:\r?\n[ \t].*)*`)
	secretJSON = regexp.MustCompile(`(?i)("[a-z_.-]*(?:passwords?|passwd|pwd|passphrase|secrets?|tokens?|authorization|(?:api|access|private|secret)[_-]?keys?)"\s*:\s*)` +
		`(?:"(?:[^"\\]|\\.)*"?|\[[^\[\]{}]*\]?|-?[0-9][0-9.eE+-]*)`)
	secretURL = regexp.MustCompile(`(://)[^/\s:@"]+:[^/\s@"]+@`)
	secretArg = regexp.MustCompile(`(?i)([?&][a-z_-]*(?:password|secret|token|key|sig|signature)=)[^&\s"#]+`)
)

// shown is the beginning of a payload as text that may be shown: no control characters, no marks that turn the direction of
// text, and no secrets as far as they can be known.
func shown(body []byte, most int) string {
	body = body[:min(len(body), most)]
	text := strings.ReplaceAll(strings.ToValidUTF8(string(body), "\uFFFD"), "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		joins := r == '\u200C' || r == '\u200D' // within words and signs
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && !joins || r == '\u2028' || r == '\u2029' {
			return '\uFFFD'
		}
		return r
	}, text)
	return masked(text)
}

// masked leaves out what is secret, as far as that can be known; JSON stays JSON.
func masked(text string) string {
	text = ownKey.ReplaceAllStringFunc(text, func(s string) string { return s[:4] + "…" })
	text = secretHead.ReplaceAllString(text, "$1: …")
	text = secretJSON.ReplaceAllString(text, `$1"…"`)
	text = secretURL.ReplaceAllString(text, "$1…@")
	return secretArg.ReplaceAllString(text, "$1…")
}
