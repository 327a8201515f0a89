package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/httpx"
)

// describe makes the OpenAPI document and the page to read out of the routes, once.
func (a *API) describe() error {
	s := newSchemas()
	paths := map[string]schema{}
	for i := range a.routes {
		rt := &a.routes[i]
		p := base + dots.ReplaceAllString(rt.Path, "}")
		if paths[p] == nil {
			paths[p] = schema{}
		}
		paths[p][strings.ToLower(rt.Method)] = a.describeOp(s, rt)
	}
	a.describeDoors(s, paths)
	s.name(reflect.TypeFor[httpx.Problem]())
	doc := schema{
		"openapi": "3.1.0",
		"info": schema{
			"title": "Muster", "version": cmp.Or(a.Version, "dev"),
			"description": "Lists give {items, next}, newest first, with limit (50, at most 200) and cursor. Errors are application/problem+json; errors lists all that is wrong.",
			"license":     schema{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":  []schema{{"url": "/"}},
		"security": []schema{{"bearer": []string{}}, {"session": []string{}}},
		"paths":    paths,
		"components": schema{
			"schemas":   s.out,
			"responses": problems(),
			"securitySchemes": schema{
				"bearer":  schema{"type": "http", "scheme": "bearer", "description": "an API key of a person: Settings, API keys"},
				"session": schema{"type": "apiKey", "in": "cookie", "name": a.Cookies.Name()},
			},
		},
	}
	var err error
	if a.spec, err = json.Marshal(doc); err != nil {
		return fmt.Errorf("api: describe: %w", err)
	}
	a.specTag = `"` + digest(string(a.spec))[:16] + `"`
	a.docs, err = a.docsPage()
	return err
}

var dots = regexp.MustCompile(`\.\.\.\}`)

// problemCodes is every error that the API answers with, by name in the description.
func problemCodes() []muster.Code {
	return []muster.Code{
		muster.ErrUnreadable, muster.ErrUnauthenticated, muster.ErrForbidden, muster.ErrNotFound, muster.ErrConflict, muster.ErrPrecondition,
		muster.ErrTooLarge, muster.ErrInvalid, muster.ErrRateLimited, muster.ErrUnavailable, muster.ErrInternal,
	}
}

func problems() schema {
	out := schema{}
	for _, c := range problemCodes() {
		p := httpx.ProblemOf(muster.Errorf(c, "…"))
		resp := schema{
			"description": p.Title,
			"content":     schema{httpx.ProblemType: schema{"schema": schema{"$ref": "#/components/schemas/Problem"}}},
		}
		if c == muster.ErrRateLimited || c == muster.ErrUnavailable {
			resp["headers"] = schema{"Retry-After": schema{"schema": schema{"type": "integer"}, "description": "seconds"}}
		}
		out[string(c)] = resp
	}
	return out
}

// codesOf lists the errors that an operation may answer with.
func codesOf(rt *route) []muster.Code {
	codes := []muster.Code{muster.ErrUnreadable, muster.ErrUnauthenticated, muster.ErrForbidden, muster.ErrInvalid, muster.ErrUnavailable, muster.ErrInternal}
	if len(rt.in.path) > 0 || !rt.Read {
		codes = append(codes, muster.ErrNotFound)
	}
	if !rt.Read {
		codes = append(codes, muster.ErrConflict, muster.ErrTooLarge)
	}
	if rt.in.match != nil || rt.in.vers != nil {
		codes = append(codes, muster.ErrPrecondition)
	}
	return codes
}

func (a *API) describeOp(s *schemas, rt *route) schema {
	op := schema{
		"operationId": rt.Name, "summary": rt.Summary, "tags": []string{tagOf(rt)},
		"description": fmt.Sprintf("Needs the role %s.", rt.Access),
	}
	params := []schema{}
	for _, f := range rt.in.path {
		params = append(params, schema{"name": f.Path, "in": "path", "required": true, "description": f.Doc, "schema": s.of(f.Type)})
	}
	for _, f := range rt.in.query {
		params = append(params, schema{"name": f.Name, "in": "query", "required": false, "description": f.Doc, "schema": plain(s.of(f.Type))})
	}
	if rt.in.match != nil {
		params = append(params,
			schema{"name": "If-Match", "in": "header", "description": "the ETag that you read, or * for whatever is there", "schema": schema{"type": "string"}},
			schema{"name": "If-None-Match", "in": "header", "description": "* for a new one", "schema": schema{"type": "string"}})
	}
	if rt.Method == http.MethodPost && a.Replays != nil {
		params = append(params, schema{"name": "Idempotency-Key", "in": "header", "description": "any word; the same request again within a day gets the first answer", "schema": schema{"type": "string"}})
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	if rt.in.whole != nil {
		op["requestBody"] = body(schema{"type": "object", "description": rt.in.whole.Doc}, true)
	}
	if rt.in.bodyOf != nil {
		required := false
		for _, f := range rt.in.body {
			required = required || f.Required
		}
		op["requestBody"] = body(s.object(rt.in.bodyOf), required)
	}
	op["responses"] = a.responses(s, rt)
	return op
}

// plain takes null away from the type of a parameter: a parameter is there or not.
func plain(of schema) schema {
	if t, ok := of["type"].([]string); ok && len(t) == 2 && t[1] == "null" {
		of["type"] = t[0]
	}
	return of
}

func body(of schema, required bool) schema {
	return schema{"required": required, "content": schema{"application/json": schema{"schema": of}}}
}

func (a *API) responses(s *schemas, rt *route) schema {
	out := schema{}
	ok := schema{"description": rt.Summary}
	if rt.Status != http.StatusNoContent && rt.Out != reflect.TypeFor[muster.Nothing]() {
		t := rt.Out
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t != nil {
			ok["content"] = schema{"application/json": schema{"schema": s.of(t)}}
		}
		if rt.List {
			ok["headers"] = schema{"Link": schema{"schema": schema{"type": "string"}, "description": "rel=next, when there is a next page"}}
		}
	}
	out[fmt.Sprint(rt.Status)] = ok
	if rt.in.whole != nil {
		out["201"] = ok
	}
	for _, c := range codesOf(rt) {
		out[fmt.Sprint(c.HTTPStatus())] = schema{"$ref": "#/components/responses/" + string(c)}
	}
	return out
}

func tagOf(rt *route) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(rt.Path, "/"), "/")
	if strings.HasPrefix(first, "{") {
		return "documents"
	}
	return first
}

// describeDoors describes what is not an operation of the table.
func (a *API) describeDoors(s *schemas, paths map[string]schema) {
	ref := func(codes ...muster.Code) schema {
		out := schema{}
		for _, c := range codes {
			out[fmt.Sprint(c.HTTPStatus())] = schema{"$ref": "#/components/responses/" + string(c)}
		}
		return out
	}
	for _, format := range sortedKeys(a.Parsers) {
		resp := ref(muster.ErrUnreadable, muster.ErrUnauthenticated, muster.ErrTooLarge, muster.ErrInvalid, muster.ErrRateLimited, muster.ErrUnavailable)
		if format == formatAlertmanager {
			resp["200"] = schema{"description": "Taken, as Alertmanager says it: nothing"}
		} else {
			resp["202"] = schema{"description": "Stored", "content": schema{"application/json": schema{"schema": schema{
				"type": "object", "required": []string{"signals"},
				"properties": schema{"signals": schema{"type": "array", "items": s.of(reflect.TypeFor[command.SignalResult]())}},
			}}}}
		}
		paths["/in/{key}/"+format] = schema{"post": schema{
			"operationId": "receive-" + strings.ReplaceAll(format, "/", "-"), "tags": []string{"intake"}, "security": []schema{},
			"summary":     "Send signals in the format " + format,
			"description": "The key in the path names the source. At most 1 MiB, also after inflating gzip. The answer comes after the signals are stored.",
			"parameters":  []schema{{"name": "key", "in": "path", "required": true, "description": "intake key of a source", "schema": schema{"type": "string"}}},
			"requestBody": schema{"required": true, "content": schema{"application/json": schema{"schema": schema{}}}},
			"responses":   resp,
		}}
	}
	resp := ref(muster.ErrUnreadable, muster.ErrUnauthenticated, muster.ErrTooLarge, muster.ErrInvalid, muster.ErrUnavailable)
	resp["200"] = schema{"description": "The answer, in the form that Teams shows", "content": schema{"application/json": schema{"schema": schema{"type": "object"}}}}
	paths["/chat/teams/{connector}/webhook"] = schema{"post": schema{
		"operationId": "teams-webhook", "tags": []string{"chat"}, "security": []schema{}, "summary": "Outgoing webhook of Microsoft Teams",
		"description": "The signature over the body (HMAC) proves the sender.",
		"parameters":  []schema{{"name": "connector", "in": "path", "required": true, "description": "the connector's document", "schema": schema{"type": "string"}}},
		"requestBody": schema{"required": true, "content": schema{"application/json": schema{"schema": schema{"type": "object"}}}},
		"responses":   resp,
	}}
}

func (a *API) serveSpec(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("ETag", a.specTag)
	h.Set("Cache-Control", "no-cache")
	if noneMatch(r.Header.Get("If-None-Match"), a.specTag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
	_, _ = w.Write(a.spec)
}
