package api

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// docsTemplate needs no script and nothing from elsewhere.
const docsTemplate = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Muster API</title><link rel="stylesheet" href="/api/docs.css"></head><body>
<main><h1>Muster API</h1>
<p>REST under <code>/api/v1</code>. The same as a machine reads it: <a href="/api/openapi.json">openapi.json</a>.</p>
<p>Send an API key as <code>Authorization: Bearer …</code>. Lists give <code>{"items":[…],"next":…}</code>, newest first, with
<code>limit</code> (50, at most 200) and <code>cursor</code>. Errors are <code>application/problem+json</code>.</p>
<table><caption>Errors</caption><thead><tr><th>Status</th><th>Code</th></tr></thead><tbody>
{{range .Codes}}<tr><td>{{.HTTPStatus}}</td><td><code>{{.}}</code></td></tr>{{end}}</tbody></table>
<nav><h2>Contents</h2><ul>{{range .Groups}}<li><a href="#{{.Tag}}">{{.Tag}}</a></li>{{end}}</ul></nav>
{{range .Groups}}<section id="{{.Tag}}"><h2>{{.Tag}}</h2>
{{range .Ops}}<article id="{{.Name}}"><h3><span>{{.Method}}</span> <code>{{.Path}}</code></h3>
<p>{{.Summary}}. Needs the role {{.Access}}.{{if .CLI}} Command line: <code>muster {{.CLI}}</code>.{{end}}{{if .Chat}} Chat: <code>{{.Chat}}</code>.{{end}}</p>
{{if .Fields}}<table><thead><tr><th>Field</th><th>In</th><th>Type</th><th></th></tr></thead><tbody>
{{range .Fields}}<tr><td><code>{{.Name}}</code>{{if .Required}} *{{end}}</td><td>{{.In}}</td><td>{{.Type}}</td><td>{{.Doc}}</td></tr>{{end}}</tbody></table>{{end}}
<p>Answers {{.Status}}.</p></article>{{end}}</section>{{end}}
<section id="intake"><h2>intake</h2>
{{range .Formats}}<article><h3><span>POST</span> <code>/in/KEY/{{.}}</code></h3></article>{{end}}
<p>The key names the source; the body, at most 1 MiB, is in the format of the path. The answer, 202, comes after it is stored.</p></section>
</main></body></html>
`

const docsStyle = `body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1c2430;background:#fff}
main{max-width:60rem;margin:0 auto;padding:1rem}
code{font-family:ui-monospace,monospace;font-size:.95em;overflow-wrap:anywhere}
h2{border-bottom:1px solid #8884;margin-top:2.5rem}h3{margin:2rem 0 .25rem;font-size:1rem}h3 span{font-weight:700}
table{border-collapse:collapse;display:block;overflow-x:auto}caption{text-align:left;font-weight:600}
th,td{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top;border-bottom:1px solid #8883}
nav ul{columns:3 10rem;padding-left:1.2rem}
@media (prefers-color-scheme:dark){body{color:#dfe5ee;background:#12161c}a{color:#8ab8ff}}
`

type docsField struct {
	Name, In, Type, Doc string
	Required            bool
}

type docsOp struct {
	muster.Op
	Fields []docsField
}

type docsGroup struct {
	Tag string
	Ops []docsOp
}

// docsPage renders the page to read.
func (a *API) docsPage() ([]byte, error) {
	t, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return nil, fmt.Errorf("api: docs: %w", err)
	}
	var groups []docsGroup
	for i := range a.routes {
		rt := &a.routes[i]
		op := docsOp{Op: rt.Op}
		op.Path = rt.pattern
		add := func(list []muster.OpField, in string) {
			for _, f := range list {
				op.Fields = append(op.Fields, docsField{f.Name, in, typeWord(f), f.Doc, in == "path" || (in == "body" && f.Required)})
			}
		}
		add(rt.in.path, "path")
		add(rt.in.query, "query")
		add(rt.in.body, "body")
		if rt.in.whole != nil {
			op.Fields = append(op.Fields, docsField{"", "body", "object", rt.in.whole.Doc, true})
		}
		if rt.in.match != nil {
			op.Fields = append(op.Fields, docsField{"If-Match", "header", "ETag", "the revision that you changed; or If-None-Match: * for a new one", true})
		}
		tag := tagOf(rt)
		at := slices.IndexFunc(groups, func(g docsGroup) bool { return g.Tag == tag })
		if at < 0 {
			at, groups = len(groups), append(groups, docsGroup{Tag: tag})
		}
		groups[at].Ops = append(groups[at].Ops, op)
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Groups": groups, "Codes": problemCodes(), "Formats": sortedKeys(a.Parsers)})
	if err != nil {
		return nil, fmt.Errorf("api: docs: %w", err)
	}
	return b.Bytes(), nil
}

func typeWord(f muster.OpField) string {
	switch t := newSchemas().of(f.Type); typ := t["type"].(type) {
	case string:
		return typ
	case []string:
		return strings.Join(typ, " or ")
	default:
		return "object"
	}
}

func (a *API) serveDocs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(a.docs)
}

func serveDocsStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write([]byte(docsStyle))
}
