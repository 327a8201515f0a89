package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/muster-oncall/muster"
)

// alphabet has letters of one to four bytes, what SQL and JSON quote, and what hides.
var alphabet = []rune("abcXYZ019 _-%'\"\\/<>&\t\n\x00äßжÅ中文🔥\u200f\u202e\u2028é")

// fill gives a value random content, as deep as it goes: zero values among it, nil but never empty slices and maps (JSON
// with omitempty cannot tell them apart), every string valid UTF-8.
func fill(r *rand.Rand, v reflect.Value) {
	if v.Type() == reflect.TypeFor[muster.Instant]() {
		i := muster.Instant{}
		switch r.IntN(6) {
		case 0:
		case 1:
			i = muster.FromMicros(r.Int64N(2_000_000_000_000_000)) // back to 1970
		default:
			i = muster.At(time.UnixMicro(1_790_000_000_000_000 + r.Int64N(90_000_000_000_000)))
		}
		v.Set(reflect.ValueOf(i))
		return
	}
	switch v.Type() {
	case reflect.TypeFor[muster.Duration]():
		v.SetInt(int64(time.Duration(r.IntN(5_000_000)) * time.Second))
		return
	case reflect.TypeFor[json.RawMessage]():
		v.Set(reflect.ValueOf(json.RawMessage(fmt.Sprintf(`{"n": %d, "t": "a  b\u0000"}`, r.IntN(1000)))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(words(r))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		if r.IntN(4) > 0 {
			v.SetInt(r.Int64N(1 << 40))
		}
	case reflect.Float64:
		v.SetFloat(float64(r.IntN(1000)) / 8)
	case reflect.Uint8:
		v.SetUint(uint64(r.IntN(256)))
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem())
		}
	case reflect.Slice:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(r, v.Index(i))
			}
		}
	case reflect.Map:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				fill(r, key)
				fill(r, value)
				v.SetMapIndex(key, value)
			}
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(r, field)
		}
	default:
		panic("storetest: cannot fill a " + v.Type().String())
	}
}

func words(r *rand.Rand) string {
	n := r.IntN(24)
	if r.IntN(40) == 0 {
		n = 9000
	}
	s := make([]rune, n)
	for i := range s {
		s[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(s)
}

// random makes a noun and then lets set put in what has to be right.
func random[T any](r *rand.Rand, set func(*T)) *T {
	v := new(T)
	fill(r, reflect.ValueOf(v).Elem())
	set(v)
	return v
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// name is a word that documents may have as a name.
func name[T ~string](r *rand.Rand) T { return T(fmt.Sprintf("name-%d", r.IntN(1000))) }
