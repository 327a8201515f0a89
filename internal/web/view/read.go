package view

import "github.com/a-h/templ"

// Found is the page of a search, for browsers without script.
type Found struct {
	Shell  Shell
	Search Search
	Hits   []Guidance
}

// Runbook is a runbook as it is meant to be read. Body is Markdown that was rendered without raw HTML and cleaned: the one
// place where a struct carries markup.
type Runbook struct {
	Shell    Shell
	Title    string
	Body     templ.Component
	Proven   string // day on which somebody followed it last; "" never
	Links    []Guidance
	Services []Link
	Document Link
}
