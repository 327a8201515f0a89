package muster

import (
	"context"
	"reflect"
)

// Op is one operation as the surfaces see it: they translate between their own form and In and Out, and decide nothing.
//
// In is a flat struct. Its tags: `json` names the field everywhere; `path:"alert"` says that REST takes it from the
// path; `arg:"1"` makes it a positional argument of the command line and of chat ("rest" takes all that follows); `doc`
// explains it.
type Op struct {
	Name    string     // the verb of the glossary: "AckAlert"
	Summary string     // one sentence, for help texts
	Access  AccessRole // least role; the owning team is checked by the operation itself
	Method  string     // REST
	Path    string     // REST, under /api/v1: "/alerts/{alert}/acknowledge"
	CLI     string     // words of the command line: "alert resolve"; "" when it has none
	Chat    string     // word of the chat: "ack"; "" when it has none
	Status  int        // HTTP status of success: 200, 201 or 204
	List    bool       // Out is a page of a list: {"items", "next"}
	Read    bool       // changes nothing
	In, Out reflect.Type
	// Exec runs the operation. in must be a pointer to a value of type In.
	Exec func(ctx context.Context, actor Actor, in any) (any, error)
}

// Page of a list: at most as many items as were asked for, and where the next page begins.
type Listing[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"` // cursor of the next page; null on the last
}

// ListingOf cuts one item too many off rows, which were read with limit+1, and names the next page's cursor.
func ListingOf[T any](rows []T, limit int, cursor func(T) string) Listing[T] {
	if rows == nil {
		rows = []T{}
	}
	if len(rows) <= limit {
		return Listing[T]{Items: rows}
	}
	rows = rows[:limit]
	next := cursor(rows[limit-1])
	return Listing[T]{Items: rows, Next: &next}
}

// Nothing is the input or output of an operation that has none.
type Nothing struct{}
