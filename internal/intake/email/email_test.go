package email_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/intake/email"
)

// A mail with more headers than are looked at is about the same thing each time it is read.
func TestManyHeaders(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "X-Hop-%03d: by relay %d\n", i, i)
	}
	b.WriteString("From: probe@example.org\nSubject: Disk full on db1\nReferences: <disk-db1@example.org>\n\n97 %\n")
	src := &muster.Source{Name: "mail", Title: "Mail", Mapping: &muster.Mapping{Labels: map[string]string{"all": "headers"}}}
	received := muster.At(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	var first []muster.Signal
	for range 10 {
		got, err := email.Parse(src, []byte(b.String()), received)
		if err != nil || len(got) != 1 || got[0].Title != "Disk full on db1" || got[0].Key != "disk-db1@example.org" {
			t.Fatalf("%v %+v", err, got)
		}
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(got, first) {
			t.Fatalf("the same mail says\n%+v\nand\n%+v", first, got)
		}
	}
}
