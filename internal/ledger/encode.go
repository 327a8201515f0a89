package ledger

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// Body gathers the events of one transaction, written by hand: they are made for each page, while everybody waits for the
// writer. It is what json.Marshal gives for a list of events. The zero value is empty.
type Body struct {
	b []byte
	n int
}

// Len is how many events there are.
func (b *Body) Len() int { return b.n }

// String is the list as JSON; "" when there are none.
func (b *Body) String() string {
	if b.n == 0 {
		return ""
	}
	return string(b.b) + "]"
}

// Add appends an event.
func (b *Body) Add(e *muster.LedgerEvent) {
	if b.n == 0 {
		b.b = append(b.b[:0], '[')
	} else {
		b.b = append(b.b, ',')
	}
	b.n++
	o := append(b.b, `{"kind":"`...)
	o = append(append(o, e.Kind...), '"')
	o = field(o, `,"page":`, string(e.Page))
	o = field(o, `,"alert":`, string(e.Alert))
	o = field(o, `,"person":`, string(e.Person))
	o = field(o, `,"method":`, e.Method)
	o = field(o, `,"connector":`, string(e.Connector))
	o = number(o, `,"step":`, e.Step)
	o = number(o, `,"round":`, e.Round)
	o = number(o, `,"n":`, e.N)
	o = field(o, `,"state":`, string(e.State))
	o = field(o, `,"provider_id":`, e.Provider)
	o = field(o, `,"means":`, e.Means)
	o = field(o, `,"ref":`, e.Ref)
	o = field(o, `,"why":`, e.Why)
	if !e.At.IsZero() {
		if text, err := e.At.MarshalJSON(); err == nil { // it has no error
			o = append(append(o, `,"at":`...), text...)
		}
	}
	b.b = append(o, '}')
}

func number(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}

// field appends a text. One with something to escape is left to encoding/json.
func field(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	b = append(b, name...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c >= utf8.RuneSelf {
			text, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // strings have no error
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// Events reads the body of a row.
func Events(body string) (out []muster.LedgerEvent, err error) {
	err = json.Unmarshal([]byte(body), &out)
	return out, err
}
