package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// What a list gives when nobody says how much, and at most.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// page is the part of a list that is asked for.
type page struct {
	limit  int
	cursor string
}

// pageOf checks a limit and a cursor that is an identifier of type T.
func pageOf[T ~string](limit int, cursor string) (page, error) {
	p, wrong := limited(limit, cursor)
	if cursor != "" {
		if _, err := muster.ParseID[T](cursor); err != nil {
			wrong = append(wrong, muster.FieldError{Path: "cursor", Message: "is not one that this list gave as next"})
		}
	}
	return p, muster.Invalid("The list cannot be read like this", wrong)
}

func limited(limit int, cursor string) (page, []muster.FieldError) {
	p := page{limit: limit, cursor: cursor}
	if limit < 0 || limit > maxLimit {
		return p, []muster.FieldError{{Path: "limit", Message: fmt.Sprintf("must be between 1 and %d", maxLimit)}}
	}
	if limit == 0 {
		p.limit = defaultLimit
	}
	return p, nil
}

// list is one row more than was asked for, so that the list knows whether there is a next page.
func (p page) list() store.List { return store.List{Limit: p.limit + 1, After: p.cursor} }

// whole is a list that has no further pages.
func whole[T any](rows []T) muster.Listing[T] { return muster.Listing[T]{Items: some(rows)} }

// within cuts a page out of rows that are in memory; after finds the row that the cursor names.
func within[T any](rows []T, p page, name func(T) string) muster.Listing[T] {
	if p.cursor != "" {
		i := slices.IndexFunc(rows, func(v T) bool { return name(v) == p.cursor })
		rows = rows[i+1:]
	}
	return muster.ListingOf(rows, p.limit, name)
}

// words checks that each value is one of those that are allowed.
func words[T ~string](path string, have []T, allowed ...T) (wrong []muster.FieldError) {
	for _, v := range have {
		if v != "" && !slices.Contains(allowed, v) {
			wrong = append(wrong, muster.FieldError{Path: path, Message: fmt.Sprintf("%q is not one of %s", muster.Clip(string(v), 40), join(allowed))})
		}
	}
	return wrong
}

func join[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}
