package doctest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// block is one fenced command block.
type block struct {
	line int    // of its first command
	mark string // demo, once or no
	code string
}

var (
	fence     = regexp.MustCompile("^( *)(`{3,}|~{3,}) *([A-Za-z0-9_-]*)")
	markLine  = regexp.MustCompile(`^<!-- run: (\S+)(.*)-->$`)
	otherSh   = []string{"bash", "shell", "console", "zsh", "shellsession", "terminal"}
	knownMark = []string{"demo", "once", "no"}
)

// parse finds the command blocks of a Markdown text, and what is wrong with their marks.
func parse(name, text string) (blocks []block, bad []string) {
	lines := strings.Split(text, "\n")
	before := "" // the nearest line above that is not empty
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			if s := strings.TrimSpace(lines[i]); s != "" {
				before = s
			}
			continue
		}
		start := i + 1
		for i++; i < len(lines) && !closes(lines[i], open[2]); i++ {
		}
		mark := before
		before = ""
		language := open[3]
		if slices.Contains(otherSh, language) {
			bad = append(bad, fmt.Sprintf("%s:%d: a block of language %s is not run; call it sh", name, start, language))
		}
		if language != "sh" {
			continue
		}
		b := block{line: start + 1, code: outdent(lines[start:min(i, len(lines))], len(open[1]))}
		m := markLine.FindStringSubmatch(mark)
		switch {
		case m == nil:
			bad = append(bad, fmt.Sprintf("%s:%d: this command block has no mark: write <!-- run: demo -->, <!-- run: once --> or <!-- run: no REASON --> on the line before it", name, start))
			continue
		case !slices.Contains(knownMark, m[1]):
			bad = append(bad, fmt.Sprintf("%s:%d: there is no mark %q: it is demo, once or no", name, start, m[1]))
			continue
		case m[1] == "no" && len(strings.TrimSpace(m[2])) < 8:
			bad = append(bad, fmt.Sprintf("%s:%d: say why this block is not run: <!-- run: no REASON -->", name, start))
			continue
		}
		b.mark = m[1]
		blocks = append(blocks, b)
	}
	return blocks, bad
}

func closes(line, open string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, open) && strings.Trim(line, open[:1]) == ""
}

// outdent takes away the indent of a block that stands in a list.
func outdent(lines []string, by int) string {
	var b strings.Builder
	for _, l := range lines {
		indent := len(l) - len(strings.TrimLeft(l, " "))
		b.WriteString(l[min(by, indent):])
		b.WriteByte('\n')
	}
	return b.String()
}
