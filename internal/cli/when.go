package cli

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

var instantType = reflect.TypeFor[muster.Instant]()

// zoned takes --tz off the words of an operation that is told a time: times without an offset are those of the zone, and
// answers are told in it. Without the flag it is the zone of this machine.
func (r *run) zoned(op *muster.Op, args []string) (rest []string, err error) {
	times := false
	for _, f := range op.Fields() {
		if f.Name == "tz" {
			return args, nil
		}
		times = times || f.Type == instantType
		if f.Name == "zone" {
			return args, nil // it means something else by it
		}
	}
	if !times {
		return args, nil
	}
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(args[i], "=")
		if args[i] == "--" {
			return append(rest, args[i:]...), nil
		}
		if name != "--tz" && name != "--zone" {
			rest = append(rest, args[i])
			continue
		}
		if !has {
			if i++; i >= len(args) {
				return nil, usage(name + " needs the name of a time zone, like Europe/Berlin")
			}
			value = args[i]
		}
		if r.Zone, err = rota.NewZones().Load(value); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// when reads a time as people write it: RFC 3339, or a local time of the zone: 2026-12-25T03:00, 2026-12-25 03:00, 03:00,
// today 18:00, tomorrow 03:00; and now. What it does not know it leaves to the reader of times.
func (r *run) when(text string, now time.Time) string {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 1 && words[0] == "now" {
		return now.UTC().Format(time.RFC3339)
	}
	day := now.In(r.Zone)
	if len(words) == 2 {
		switch words[0] {
		case "today":
			words = words[1:]
		case "tomorrow":
			day, words = day.AddDate(0, 0, 1), words[1:]
		case "yesterday":
			day, words = day.AddDate(0, 0, -1), words[1:]
		default:
			words = []string{words[0] + "T" + words[1]}
		}
	}
	if len(words) != 1 {
		return text
	}
	local := strings.ToUpper(words[0])
	if t, err := time.Parse("2006-01-02T15:04Z07:00", local); err == nil {
		return t.UTC().Format(time.RFC3339)
	}
	if _, err := time.Parse("15:04", local); err == nil {
		local = day.Format(time.DateOnly) + "T" + local
	}
	x, err := rota.Resolve(r.Zone, local)
	if err != nil {
		return text
	}
	return x.At.Format(time.RFC3339)
}

// timeForms are the forms in which a time can be written.
const timeForms = "write 2026-12-25T03:00 or 2026-12-25 03:00, 03:00, today 18:00, tomorrow 03:00, yesterday 09:00 or now; times without an offset like +01:00 or Z are those of --tz, or of this machine"

// times turns the times among what was given into RFC 3339.
func (r *run) times(op *muster.Op, given map[string][]string, now time.Time) error {
	var wrong []muster.FieldError
	for _, f := range op.Fields() {
		if f.Type != instantType {
			continue
		}
		for i, text := range given[f.Name] {
			at := r.when(text, now)
			if _, err := time.Parse(time.RFC3339, at); err != nil && at != "" {
				wrong = append(wrong, muster.FieldError{Path: flagName(f.Name), Message: fmt.Sprintf("%q is not a time: %s", muster.Clip(text, 40), timeForms)})
			}
			given[f.Name][i] = at
		}
	}
	return muster.Invalid("muster "+op.CLI+" was not understood", wrong)
}
