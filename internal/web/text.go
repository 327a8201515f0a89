package web

import (
	"bytes"
	"strconv"
	"time"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/muster-oncall/muster"
)

type anyTime = time.Time

func itoa(n int) string { return strconv.Itoa(n) }

// markdown turns the Markdown of runbooks and reviews into HTML that may stand in a page: raw HTML is left out by the
// renderer, and what it makes is cleaned again.
type markdown struct {
	md    goldmark.Markdown
	clean *bluemonday.Policy
}

func newMarkdown() markdown {
	p := bluemonday.UGCPolicy()
	p.RequireNoFollowOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(false)
	p.AllowImages()
	return markdown{md: goldmark.New(goldmark.WithExtensions(extension.GFM)), clean: p}
}

func (m markdown) html(text string) (string, error) {
	var b bytes.Buffer
	if err := m.md.Convert([]byte(text), &b); err != nil {
		return "", muster.WrapError(muster.ErrInternal, err, "The text could not be drawn.")
	}
	return m.clean.Sanitize(b.String()), nil
}
