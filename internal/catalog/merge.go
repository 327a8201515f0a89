package catalog

import (
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// Merge is what a file's document becomes when it is applied over the stored one: the file's, except that overrides,
// swaps and accepted warnings which people made through operations (By is set) stay. One of the file with the same ID gives
// way to them. Neither argument is changed; old may be nil.
func Merge(old, fresh muster.Document) muster.Document {
	was, ok1 := old.(*muster.Roster)
	next, ok2 := fresh.(*muster.Roster)
	if !ok1 || !ok2 || was == nil || next == nil {
		return fresh
	}
	out := *next
	out.Overrides = kept(was.Overrides, next.Overrides, func(o muster.Override) (string, muster.UserName) { return o.ID, o.By })
	out.Swaps = kept(was.Swaps, next.Swaps, func(s muster.Swap) (string, muster.UserName) { return s.ID, s.By })
	out.Accepted = kept(was.Accepted, next.Accepted, func(a muster.Acceptance) (string, muster.UserName) {
		return strings.Join([]string{a.Kind, string(a.Role), a.Rotation, string(a.Person)}, "/"), a.By
	})
	return &out
}

// kept is the list of the file without what people made themselves, and then that.
func kept[T any](was, next []T, of func(T) (id string, by muster.UserName)) (out []T) {
	var made []T
	ids := map[string]bool{}
	for _, x := range was {
		if id, by := of(x); by != "" {
			made = append(made, x)
			ids[id] = true
		}
	}
	for _, x := range next {
		if id, _ := of(x); !ids[id] {
			out = append(out, x)
		}
	}
	return append(out, made...)
}

// Op says what happened to a line.
type Op string

// What happens to lines.
const (
	Kept Op = " "
	Gone Op = "-"
	New  Op = "+"
)

// DiffLine is a line of a comparison.
type DiffLine struct {
	Op   Op     `json:"op"`
	Text string `json:"text"`
}

// maxDiff bounds the table of the comparison; beyond it everything between the equal ends counts as replaced.
const maxDiff = 4 << 20

// DiffText compares two documents line by line, as they stand in a file. Either may be nil.
func DiffText(a, b muster.Document) []DiffLine { return DiffLines(text(a), text(b)) }

func text(d muster.Document) string {
	if d == nil {
		return ""
	}
	s, err := YAML(d)
	if err != nil {
		return "# " + err.Error() + "\n"
	}
	return s
}

// DiffLines compares two texts line by line: the longest common sequence of lines is kept.
func DiffLines(a, b string) (out []DiffLine) {
	x, y := lines(a), lines(b)
	start := 0
	for start < len(x) && start < len(y) && x[start] == y[start] {
		start++
	}
	end := 0
	for end < len(x)-start && end < len(y)-start && x[len(x)-1-end] == y[len(y)-1-end] {
		end++
	}
	add := func(op Op, ls []string) {
		for _, l := range ls {
			out = append(out, DiffLine{op, l})
		}
	}
	add(Kept, x[:start])
	out = append(out, middle(x[start:len(x)-end], y[start:len(y)-end])...)
	add(Kept, x[len(x)-end:])
	return out
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

func middle(x, y []string) (out []DiffLine) {
	if (len(x)+1)*(len(y)+1) > maxDiff {
		for _, l := range x {
			out = append(out, DiffLine{Gone, l})
		}
		for _, l := range y {
			out = append(out, DiffLine{New, l})
		}
		return out
	}
	// common[i][j] is the length of the longest common sequence of x[i:] and y[j:].
	common := make([][]int32, len(x)+1)
	for i := range common {
		common[i] = make([]int32, len(y)+1)
	}
	for i, l := range slices.Backward(x) {
		for j, m := range slices.Backward(y) {
			if l == m {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			out = append(out, DiffLine{Kept, x[i]})
			i, j = i+1, j+1
		case j == len(y) || (i < len(x) && common[i+1][j] >= common[i][j+1]):
			out = append(out, DiffLine{Gone, x[i]})
			i++
		default:
			out = append(out, DiffLine{New, y[j]})
			j++
		}
	}
	return out
}
