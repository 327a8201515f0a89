package query

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// ListDocuments asks for the documents of a kind, by name.
type ListDocuments struct {
	Kind   muster.Kind `json:"kind" path:"kind" arg:"1" doc:"the kind: rosters"`
	Limit  int         `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string      `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// OneDocument names a document.
type OneDocument struct {
	Kind     muster.Kind     `json:"kind" path:"kind" arg:"1" doc:"the kind: rosters"`
	Name     string          `json:"name" path:"name" arg:"2" doc:"its name"`
	Revision muster.Revision `json:"revision,omitempty" query:"revision" doc:"as it stood at this revision; the newest when empty"`
}

// ListRevisions asks for the history of a document, newest first.
type ListRevisions struct {
	Kind   muster.Kind `json:"kind" path:"kind" arg:"1" doc:"the kind: rosters"`
	Name   string      `json:"name" path:"name" arg:"2" doc:"its name"`
	Limit  int         `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string      `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

// Document is a document with the revision that wrote it last. Its JSON is the document's own fields and "revision".
type Document struct {
	Kind     muster.Kind
	Name     string
	Revision muster.Revision
	Doc      muster.Document
}

// MarshalJSON implements [json.Marshaler].
func (d Document) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(d.Doc)
	if err != nil {
		return nil, err
	}
	out := bytes.TrimSuffix(b, []byte("}"))
	if len(out) > 1 {
		out = append(out, ',')
	}
	return fmt.Appendf(out, `"revision":%d}`, d.Revision), nil
}

// Revision is one revision of a document.
type Revision struct {
	Revision muster.Revision `json:"revision"`
	Kind     muster.Kind     `json:"kind"`
	Name     string          `json:"name"`
	By       muster.By       `json:"by"`
	Why      string          `json:"why"`
	At       muster.Instant  `json:"at"`
	Deleted  bool            `json:"deleted"`
	Doc      json.RawMessage `json:"doc"` // null when it was deleted
}

// Export is the whole catalog as one file.
type Export struct {
	Revision muster.Revision `json:"revision"`
	YAML     string          `json:"yaml"`
}

// File is the export as a surface hands it out: its media type, a name for the file, and its bytes.
func (e Export) File() (mediaType, name string, body []byte) {
	return "application/yaml; charset=utf-8", fmt.Sprintf("muster-%d.yaml", e.Revision), []byte(e.YAML)
}

// kindOf accepts a kind in the plural or singular.
func kindOf(k muster.Kind) (muster.Kind, error) {
	if found, ok := muster.KindOf(string(k)); ok {
		return found, nil
	}
	list := make([]string, 0, len(muster.Kinds()))
	for _, k := range muster.Kinds() {
		list = append(list, string(k))
	}
	if n := muster.Nearest(string(k), list); n != "" {
		return "", muster.Errorf(muster.ErrNotFound, "%q is not a kind of document: did you mean %s?", muster.Clip(string(k), 40), n)
	}
	return "", muster.Errorf(muster.ErrNotFound, "%q is not a kind of document: there are %s.", muster.Clip(string(k), 40), join(muster.Kinds()))
}

// didYouMean names the document of a kind that is most like a word: ` (did you mean "storefront"?)`, or "".
func didYouMean(c *muster.Catalog, k muster.Kind, word string) string {
	var list []string
	for _, d := range c.Documents(k) {
		list = append(list, d.DocName())
	}
	if n := muster.Nearest(word, list); n != "" {
		return fmt.Sprintf(" (did you mean %q?)", n)
	}
	return ""
}

func noDocument(c *muster.Catalog, k muster.Kind, name string) error {
	return muster.Errorf(muster.ErrNotFound, "There is no %s called %q%s.", k.Singular(), muster.Clip(name, 70), didYouMean(c, k, name))
}

func (r *read) documents(in ListDocuments) (out muster.Listing[Document], err error) {
	k, err := kindOf(in.Kind)
	if err != nil {
		return out, err
	}
	p, wrong := limited(in.Limit, in.Cursor)
	if len(wrong) > 0 {
		return out, muster.Invalid("The list cannot be read like this", wrong)
	}
	docs := r.cat.Documents(k)
	rows := make([]Document, 0, len(docs))
	for _, d := range docs {
		if d.DocName() > in.Cursor {
			rows = append(rows, r.withRevision(d))
		}
	}
	return muster.ListingOf(rows, p.limit, func(d Document) string { return d.Name }), nil
}

func (r *read) withRevision(d muster.Document) Document {
	return Document{Kind: d.DocKind(), Name: d.DocName(), Revision: r.cat.RevisionOf(muster.DocRef(d.DocKind(), d.DocName())), Doc: d}
}

func (r *read) document(in OneDocument) (Document, error) {
	k, err := kindOf(in.Kind)
	if err != nil {
		return Document{}, err
	}
	if in.Revision > 0 {
		return r.documentAt(k, in.Name, in.Revision)
	}
	d := r.cat.Document(k, in.Name)
	if d == nil {
		return Document{}, noDocument(r.cat, k, in.Name)
	}
	return r.withRevision(d), nil
}

// documentAt is a document as it stood at a revision of the catalog.
func (r *read) documentAt(k muster.Kind, name string, rev muster.Revision) (Document, error) {
	rows, err := r.DocHistory(k, name, store.List{Limit: 1, After: strconv.FormatInt(int64(rev)+1, 10)})
	if err != nil {
		return Document{}, err
	}
	if len(rows) == 0 || rows[0].Body == "" {
		return Document{}, muster.Errorf(muster.ErrNotFound, "At revision %d there was no %s called %q.", rev, k.Singular(), muster.Clip(name, 70))
	}
	d, err := decode(rows[0])
	return Document{Kind: k, Name: name, Revision: rows[0].Revision, Doc: d}, err
}

// decode reads a stored revision; nil for one that deleted the document.
func decode(row muster.DocRevision) (muster.Document, error) {
	if row.Body == "" {
		return nil, nil
	}
	d := muster.NewDocument(row.Kind)
	if d == nil {
		return nil, fmt.Errorf("query: the stored document %s/%s has an unknown kind", row.Kind, row.Name)
	}
	if err := json.Unmarshal([]byte(row.Body), d); err != nil {
		return nil, fmt.Errorf("query: the stored document %s/%s cannot be read: %w", row.Kind, row.Name, err)
	}
	return d, nil
}

func (r *read) revisions(in ListRevisions) (out muster.Listing[Revision], err error) {
	k, err := kindOf(in.Kind)
	if err != nil {
		return out, err
	}
	p, wrong := limited(in.Limit, in.Cursor)
	if _, err := strconv.ParseInt(in.Cursor, 10, 64); err != nil && in.Cursor != "" {
		wrong = append(wrong, muster.FieldError{Path: "cursor", Message: "is not one that this list gave as next"})
	}
	if len(wrong) > 0 {
		return out, muster.Invalid("The list cannot be read like this", wrong)
	}
	rows, err := r.DocHistory(k, in.Name, p.list())
	if err != nil {
		return out, err
	}
	if len(rows) == 0 && in.Cursor == "" {
		return out, noDocument(r.cat, k, in.Name)
	}
	list := make([]Revision, len(rows))
	for i, row := range rows {
		list[i] = Revision{
			Revision: row.Revision, Kind: row.Kind, Name: row.Name, By: row.By, Why: row.Why, At: row.At, Deleted: row.Body == "",
			Doc: json.RawMessage("null"),
		}
		if row.Body != "" {
			list[i].Doc = json.RawMessage(row.Body)
		}
	}
	return muster.ListingOf(list, p.limit, func(v Revision) string { return strconv.FormatInt(int64(v.Revision), 10) }), nil
}

func (r *read) export(muster.Nothing) (Export, error) {
	b, err := catalog.Export(r.cat)
	return Export{Revision: r.cat.Revision, YAML: string(b)}, err
}

// DocumentGroup is one kind with its documents, for the list of all.
type DocumentGroup struct {
	Kind muster.Kind
	Docs []DocumentRow
}

// DocumentRow is a document in the list, with who wrote it last.
type DocumentRow struct {
	Document
	Title string
	By    muster.By
	At    muster.Instant
}

// DocumentList lists every document by kind.
func (q *Queries) DocumentList(ctx context.Context, who Viewer) (groups []DocumentGroup, rev muster.Revision, err error) {
	groups, err = ask(ctx, q, who, func(r *read) ([]DocumentGroup, error) {
		rev = r.cat.Revision
		rows, err := r.DocsAt(rev)
		if err != nil {
			return nil, err
		}
		last := make(map[string]muster.DocRevision, len(rows))
		for _, row := range rows {
			last[muster.DocRef(row.Kind, row.Name)] = row
		}
		out := make([]DocumentGroup, 0, len(muster.Kinds()))
		for _, k := range muster.Kinds() {
			g := DocumentGroup{Kind: k}
			for _, d := range r.cat.Documents(k) {
				row := last[muster.DocRef(k, d.DocName())]
				g.Docs = append(g.Docs, DocumentRow{Document: r.withRevision(d), Title: titleOf(d), By: row.By, At: row.At})
			}
			out = append(out, g)
		}
		return out, nil
	})
	return groups, rev, err
}

// titleOf is a document's own title, its name when it has none.
func titleOf(d muster.Document) string {
	title := ""
	switch d := d.(type) {
	case *muster.User:
		title = d.Display
	case *muster.Team:
		title = d.Title
	case *muster.Service:
		title = d.Title
	case *muster.Roster:
		title = d.Title
	case *muster.Policy:
		title = d.Title
	case *muster.Route:
		title = d.Title
	case *muster.Silence:
		title = d.Why
	case *muster.Source:
		title = d.Title
	case *muster.Runbook:
		title = d.Title
	case *muster.Connector:
		title = d.Title
	case *muster.StatusPage:
		title = d.Title
	}
	if title == "" {
		return d.DocName()
	}
	return title
}

// DocumentDetail is a document with its history. YAML is its text as a file has it.
type DocumentDetail struct {
	Document
	YAML      string
	Newest    muster.Revision // of the document; 0 when it was deleted
	Revisions []muster.DocRevision
	Diff      []catalog.DiffLine // from the revision before Shown to Shown; empty when none was asked for
	Before    muster.Revision    // of the diff; 0: the document was new
	UsedBy    []string           // references of documents that name it
}

// DocumentDetail reads a document; as it stood at rev when that is not 0, with what that revision changed.
func (q *Queries) DocumentDetail(ctx context.Context, who Viewer, kind muster.Kind, name string, rev muster.Revision) (*DocumentDetail, error) {
	return ask(ctx, q, who, func(r *read) (*DocumentDetail, error) {
		k, err := kindOf(kind)
		if err != nil {
			return nil, err
		}
		out := &DocumentDetail{Newest: r.cat.RevisionOf(muster.DocRef(k, name)), UsedBy: usedBy(r.cat, k, name)}
		if out.Document, err = r.document(OneDocument{Kind: k, Name: name, Revision: rev}); err != nil {
			return nil, err
		}
		if out.YAML, err = catalog.YAML(out.Doc); err != nil {
			return nil, err
		}
		if out.Revisions, err = r.DocHistory(k, name, store.List{Limit: maxLimit}); err != nil {
			return nil, err
		}
		if rev == 0 {
			return out, nil
		}
		before, err := r.DocHistory(k, name, store.List{Limit: 1, After: strconv.FormatInt(int64(out.Revision), 10)})
		if err != nil {
			return nil, err
		}
		var old muster.Document
		if len(before) > 0 {
			out.Before = before[0].Revision
			if old, err = decode(before[0]); err != nil {
				return nil, err
			}
		}
		if old == nil || !plan.Same(old, out.Doc) {
			out.Diff = catalog.DiffText(old, out.Doc)
		}
		return out, nil
	})
}
