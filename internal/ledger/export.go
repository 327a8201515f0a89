package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/muster-oncall/muster"
)

// Line is a line of an export: NDJSON, in the order in which a [Verifier] wants it, with a header and an end.
type Line struct {
	Header     *Header            `json:"muster_ledger,omitempty"`
	Checkpoint *muster.Checkpoint `json:"checkpoint,omitempty"`
	Row        *Row               `json:"row,omitempty"`
	Page       *PageFacts         `json:"page,omitempty"`
	Audit      *muster.AuditEntry `json:"audit,omitempty"`
	End        *End               `json:"end,omitempty"`
}

// Header begins an export.
type Header struct {
	Version int            `json:"version"`
	At      muster.Instant `json:"at"`
	Key     string         `json:"key"`            // public key of the checkpoints
	Head    string         `json:"head,omitempty"` // position and hash of the last row
}

// Row is a row of the ledger in an export. Body is the text that was hashed.
type Row struct {
	Position int64           `json:"position"`
	ID       muster.LedgerID `json:"id"`
	At       muster.Instant  `json:"at"`
	Hash     string          `json:"hash"`
	Body     string          `json:"body"`
}

// End ends an export, so that one that was cut off is noticed.
type End struct {
	Lines int64 `json:"lines"` // before this one
}

const exportVersion = 1

// Writer writes an export.
type Writer struct {
	enc   *json.Encoder
	lines int64
}

// NewWriter begins an export.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	out := &Writer{enc: enc}
	h.Version = exportVersion
	return out, out.Write(Line{Header: &h})
}

// Write appends a line.
func (w *Writer) Write(l Line) error {
	w.lines++
	return w.enc.Encode(l)
}

// Close appends the last line. It does not close what is written to.
func (w *Writer) Close() error {
	return w.enc.Encode(Line{End: &End{Lines: w.lines}})
}

// ErrNoExport says that a file is no export of Muster's.
var ErrNoExport = errors.New("this is not an export of Muster's ledger: make one with `muster audit export FILE`")

// VerifyExport reads an export and verifies all of it. key is the public key that is trusted, known a head that was kept
// elsewhere; both may be "": then the file's own key counts, which proves only that the file agrees with itself. An error
// says that the file cannot be read.
func VerifyExport(in io.Reader, key, known string) (Report, error) {
	v := Verifier{Key: key, Known: known}
	r := bufio.NewReaderSize(in, 1<<20)
	var n int64
	ended := false
	for {
		text, err := r.ReadBytes('\n')
		if text = bytes.TrimSpace(text); len(text) > 0 {
			n++
			var l Line
			if jerr := json.Unmarshal(text, &l); jerr != nil {
				if n == 1 {
					return Report{}, ErrNoExport
				}
				v.wrong("Line %d of the file cannot be read: it was changed or cut off.", n)
				break
			}
			if (n == 1) != (l.Header != nil) {
				return Report{}, ErrNoExport
			}
			if l.End != nil {
				ended = true
				if l.End.Lines != n-1 {
					v.wrong("The file was changed: it has %d lines, and its end says %d.", n-1, l.End.Lines)
				}
			}
			if err := v.line(&l); err != nil {
				return Report{}, err
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Report{}, err
		}
	}
	if n == 0 {
		return Report{}, ErrNoExport
	}
	if !ended {
		v.wrong("The file is cut off: its last line is missing.")
	}
	return v.End(), nil
}

func (v *Verifier) line(l *Line) error {
	switch {
	case l.Header != nil:
		if l.Header.Version != exportVersion {
			return fmt.Errorf("the export has version %d and this Muster reads version %d: use the Muster that wrote it, or a newer one", l.Header.Version, exportVersion)
		}
		if v.Key == "" {
			v.Key = l.Header.Key
		}
	case l.Checkpoint != nil:
		v.Checkpoint(l.Checkpoint)
	case l.Row != nil:
		v.Row(&muster.LedgerRow{ID: l.Row.ID, At: l.Row.At, Body: l.Row.Body, Position: l.Row.Position, Hash: l.Row.Hash})
	case l.Page != nil:
		v.Page(*l.Page)
	case l.Audit != nil:
		v.Audit(l.Audit)
	}
	return nil
}
