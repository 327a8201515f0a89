package sqlstore

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
)

// fill gives every field of a value something, each time another, so that a new field is in the comparison by itself. hollow:
// lists, maps and pointers are there and empty.
func fill(t *testing.T, v reflect.Value, hollow bool, n *int) {
	t.Helper()
	*n++
	if at, ok := reflect.TypeAssert[*muster.Instant](v.Addr()); ok {
		*at = muster.FromMicros(1_790_000_000_000_000 + int64(*n)*10)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString([]string{"a \"b\" <c> & Ä\u2028\x00\xff ", "plain "}[*n%2] + strconv.Itoa(*n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field, hollow, n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if !hollow {
			fill(t, v.Elem(), hollow, n)
		}
	case reflect.Slice:
		size := 2
		if hollow {
			size = 0
		}
		v.Set(reflect.MakeSlice(v.Type(), size, size))
		for i := range size {
			fill(t, v.Index(i), hollow, n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 12 * map[bool]int{false: 1}[hollow] { // numbers as keys come in the order of their text
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key, hollow, n)
			fill(t, value, hollow, n)
			v.SetMapIndex(key, value)
		}
	default:
		t.Fatalf("the test knows no %s", v.Type())
	}
}

// sameJSON compares what is written by hand with what encoding/json writes: of a value in which everything is said, one in
// which nothing is, and one with empty lists.
func sameJSON[T any](t *testing.T, byHand func(*T) []byte, by func(*T) any) {
	t.Helper()
	n := 0
	var zero, full, hollow T
	fill(t, reflect.ValueOf(&full).Elem(), false, &n)
	fill(t, reflect.ValueOf(&hollow).Elem(), true, &n)
	for _, v := range []*T{&zero, &full, &hollow} {
		want, err := json.Marshal(by(v))
		if err != nil {
			t.Fatal(err)
		}
		if got := byHand(v); string(got) != string(want) {
			t.Errorf("%T: got\n%s\nwanted\n%s", v, got, want)
		}
	}
}

func TestAppendByHand(t *testing.T) {
	t.Parallel()
	sameJSON(t, func(a *muster.Alert) []byte { return appendAlert(nil, a) }, func(a *muster.Alert) any { return a })
	sameJSON(t, func(r *[]muster.Reason) []byte { return appendReasons(nil, *r) }, func(r *[]muster.Reason) any { return *r })
	sameJSON(t, func(p *muster.Page) []byte { return appendPage(nil, p) }, func(p *muster.Page) any {
		body := *p
		life{}.onto(&body)
		return body
	})
	sameJSON(t, func(p *muster.Page) []byte { return appendLife(nil, p) }, func(p *muster.Page) any {
		return life{p.State, p.Detail, p.DueAt, p.StartedAt, p.AcceptedAt, p.ProvedAt, p.Proof, p.Attempts}
	})
	sameJSON(t, func(e *muster.Escalation) []byte {
		policy, err := json.Marshal(e.Policy)
		if err != nil {
			t.Fatal(err)
		}
		return appendEscalation(nil, e, string(policy))
	}, func(e *muster.Escalation) any { return e })
	sameJSON(t, func(e *muster.Entry) []byte { return appendEntry(nil, e) }, func(e *muster.Entry) any { return e })
	sameJSON(t, func(g *muster.Gathered) []byte { return appendGathered(nil, g) }, func(g *muster.Gathered) any { return g })
	sameJSON(t, func(s *muster.RawSignal) []byte { return appendSignal(nil, s) }, func(s *muster.RawSignal) any { return s })
}

// Escalations of a set share the JSON of a policy only when it is one.
func TestSamePolicy(t *testing.T) {
	t.Parallel()
	n := 0
	var p muster.Policy
	fill(t, reflect.ValueOf(&p).Elem(), false, &n)
	if same := p; !samePolicy(&p, &same) {
		t.Error("a copy is not the same")
	}
	for i := range reflect.TypeFor[muster.Policy]().NumField() {
		other := p
		fill(t, reflect.ValueOf(&other).Elem().Field(i), false, &n)
		if samePolicy(&p, &other) {
			t.Errorf("another %s is the same", reflect.TypeFor[muster.Policy]().Field(i).Name)
		}
	}
}

func BenchmarkAppendAlert(b *testing.B) {
	at := muster.At(time.Unix(1_790_000_000, 0))
	a := &muster.Alert{ID: "alt_1", Title: "Failures", Labels: map[string]string{"service": "cart", "region": "westeurope"}, DetectedAt: at, ReceivedAt: at, LastSignalAt: at}
	var body []byte
	b.ReportAllocs()
	for b.Loop() {
		body = appendAlert(body[:0], a)
	}
}
