package web

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/muster-oncall/muster"
)

func itoa(n int) string { return strconv.Itoa(n) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// joinDots joins what is there with middle dots.
func joinDots(parts ...string) string { return strings.Join(trimmed(parts...), " · ") }

// raw is markup that was cleaned.
func raw(html string) templ.Component { return templ.Raw(html) }

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
