package muster

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Code classifies an error for every surface.
type Code string

// The codes. Each has one HTTP status and one exit status (see [Code.HTTPStatus] and [Code.ExitStatus]).
const (
	ErrUnreadable      Code = "unreadable"      // bad JSON, duplicate keys
	ErrUnauthenticated Code = "unauthenticated" // nobody, or a wrong key
	ErrForbidden       Code = "forbidden"       // somebody, but not allowed
	ErrNotFound        Code = "not_found"
	ErrConflict        Code = "conflict"     // the state forbids it
	ErrPrecondition    Code = "precondition" // If-Match names another revision
	ErrTooLarge        Code = "too_large"
	ErrInvalid         Code = "invalid"      // readable but wrong
	ErrRateLimited     Code = "rate_limited" // try again later
	ErrUnavailable     Code = "unavailable"  // not done, or not known whether it was done: try again
	ErrInternal        Code = "internal"
)

// codeTable is the one table from codes to HTTP and exit status.
var codeTable = map[Code]struct{ http, exit int }{
	ErrUnreadable:      {http.StatusBadRequest, 2},
	ErrUnauthenticated: {http.StatusUnauthorized, 4},
	ErrForbidden:       {http.StatusForbidden, 4},
	ErrNotFound:        {http.StatusNotFound, 3},
	ErrConflict:        {http.StatusConflict, 5},
	ErrPrecondition:    {http.StatusPreconditionFailed, 5},
	ErrTooLarge:        {http.StatusRequestEntityTooLarge, 2},
	ErrInvalid:         {http.StatusUnprocessableEntity, 2},
	ErrRateLimited:     {http.StatusTooManyRequests, 6},
	ErrUnavailable:     {http.StatusServiceUnavailable, 6},
	ErrInternal:        {http.StatusInternalServerError, 1},
}

// HTTPStatus returns the status of the code; 500 for an unknown one.
func (c Code) HTTPStatus() int {
	if e, ok := codeTable[c]; ok {
		return e.http
	}
	return http.StatusInternalServerError
}

// ExitStatus returns the exit status of a command line that failed with the code: 1 internal, 2 wrong input, 3 not
// found, 4 not allowed, 5 the state forbids it, 6 try again.
func (c Code) ExitStatus() int {
	if e, ok := codeTable[c]; ok {
		return e.exit
	}
	return 1
}

// CodeForStatus is the reverse of [Code.HTTPStatus], for clients.
func CodeForStatus(status int) Code {
	for c, e := range codeTable {
		if e.http == status {
			return c
		}
	}
	return ErrInternal
}

// FieldError says what is wrong at one place of the input. Path is dotted: "steps[1].wait". Line counts from 1 in the
// file that was read, 0 when there is none.
type FieldError struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Path    string `json:"path"`
	Message string `json:"message"`
}

// String gives "file:line: path: message" as far as known.
func (f FieldError) String() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File)
		b.WriteByte(':')
	}
	if f.Line > 0 {
		fmt.Fprintf(&b, "%d:", f.Line)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

// Error is an error for users: it says what is wrong and what to do, in their words. It never holds a secret.
type Error struct {
	Code       Code
	Message    string
	Fields     []FieldError  // all that is wrong, not only the first
	RetryAfter time.Duration // with ErrRateLimited and ErrUnavailable
	cause      error
}

// Error gives the message and every field.
func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Message
	}
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.String()
	}
	return e.Message + ": " + strings.Join(parts, "; ")
}

// Unwrap gives the cause, which is never shown to users.
func (e *Error) Unwrap() error { return e.cause }

// Errorf makes an error with a code and a message for users.
func Errorf(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Message: fmt.Sprintf(format, args...)}
}

// WrapError makes an error for users out of a cause that stays in the log.
func WrapError(c Code, cause error, format string, args ...any) *Error {
	return &Error{Code: c, Message: fmt.Sprintf(format, args...), cause: cause}
}

// Invalid makes one error out of many field errors, nil if there is none.
func Invalid(what string, fields []FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Code: ErrInvalid, Message: what, Fields: fields}
}

// CodeOf returns the code of err, ErrInternal for an error that has none, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ErrInternal
}

// MessageOf returns what a user may see of err: the message of an [Error], a general sentence otherwise.
func MessageOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return "Something went wrong inside Muster. The log says more."
}
