package rota_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// Every public vector, in its own form: 65 cases that two independent programs agree on.
func TestVectors(t *testing.T) {
	b, err := os.ReadFile("testdata/dst_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			rota.Case
			Why    string
			Expect map[string]any
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 65 {
		t.Fatalf("the file has %d cases", len(file.Cases))
	}
	z := rota.ReferenceZones()
	now := muster.At(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			work := rota.MaxWork
			got, err := rota.Answer(z, c.Case, now, &work)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var answer map[string]any
			if err := json.Unmarshal(b, &answer); err != nil {
				t.Fatal(err)
			}
			for k := range c.Expect {
				if strings.HasPrefix(k, "go_") {
					delete(c.Expect, k)
				}
			}
			if !reflect.DeepEqual(answer, c.Expect) {
				want, _ := json.Marshal(c.Expect)
				t.Errorf("got  %s\nwant %s\n%s", b, want, c.Why)
			}
		})
	}
}
