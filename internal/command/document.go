package command

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// PutDocument writes one document.
type PutDocument struct {
	Kind    muster.Kind     `json:"kind" path:"kind"`
	Name    string          `json:"name" path:"name"`
	Body    json.RawMessage `json:"body" doc:"the document"`
	IfMatch muster.Revision `json:"if_match,omitempty" doc:"the revision that you changed; 0 for a new document"`
	Any     bool            `json:"any,omitempty" doc:"write it whatever the revision is"`
	Accept  string          `json:"accept,omitempty" doc:"reaches-nobody: write it even if somebody would not be paged any more"`
	Why     string          `json:"why,omitempty" doc:"why, for the history"`
}

// OneDocument names a document.
type OneDocument struct {
	Kind    muster.Kind     `json:"kind" path:"kind" arg:"1" doc:"the kind: rosters"`
	Name    string          `json:"name" path:"name" arg:"2" doc:"its name"`
	IfMatch muster.Revision `json:"if_match,omitempty" doc:"the revision that you saw"`
	Any     bool            `json:"any,omitempty" doc:"whatever the revision is"`
	Accept  string          `json:"accept,omitempty" doc:"reaches-nobody: remove it even if somebody would not be paged any more"`
	Why     string          `json:"why,omitempty" doc:"why, for the history"`
}

// Document is a document with its revision.
type Document struct {
	Kind     muster.Kind     `json:"kind"`
	Name     string          `json:"name"`
	Revision muster.Revision `json:"revision"`
	Doc      muster.Document `json:"doc"`
	Judged   string          `json:"judged,omitempty"` // how far it was looked at, when time was over before the whole was
	Created  bool            `json:"-"`
}

// ApplyDocuments writes many documents at once: all of them or none.
type ApplyDocuments struct {
	Documents string `json:"documents" raw:"yes" doc:"documents in YAML, divided by ---, or in JSON"`
	File      string `json:"file,omitempty" doc:"name of the file, for messages"`
	Why       string `json:"why,omitempty" doc:"why, for the history"`
	DryRun    bool   `json:"dry_run,omitempty" doc:"only say what would change"`
	Accept    string `json:"accept,omitempty" doc:"reaches-nobody: write them even if somebody would not be paged any more"`

	parsed []catalog.Parsed
}

// prepare reads the documents before the transaction begins: a large file must not hold up the writer.
func (in *ApplyDocuments) prepare() error {
	if in.File == "" {
		in.File = "documents"
	}
	parsed, wrong := catalog.Parse(in.File, []byte(in.Documents))
	in.parsed = parsed
	return muster.Invalid("The documents are not right", wrong)
}

// Applied says what an apply changed.
type Applied struct {
	Revision muster.Revision `json:"revision"`
	Changes  []AppliedChange `json:"changes"`
	Judged   string          `json:"judged,omitempty"` // how far it was looked at, when time was over before the whole was
}

// AppliedChange is one document that was written.
type AppliedChange struct {
	Kind muster.Kind `json:"kind"`
	Name string      `json:"name"`
	What string      `json:"what"` // created, changed, unchanged
}

type docChange struct {
	kind muster.Kind
	name string
	doc  muster.Document // nil: delete
	file string
	line int
}

func decodeDoc(row muster.DocRevision) (muster.Document, error) {
	d := muster.NewDocument(row.Kind)
	if d == nil {
		return nil, fmt.Errorf("command: the stored document %s/%s has an unknown kind", row.Kind, row.Name)
	}
	if err := json.Unmarshal([]byte(row.Body), d); err != nil {
		return nil, fmt.Errorf("command: the stored document %s/%s cannot be read: %w", row.Kind, row.Name, err)
	}
	return d, nil
}

// putDocument writes a document if nobody else did since.
func (c *Call) putDocument(in PutDocument) (*Document, error) {
	k, ok := muster.KindOf(string(in.Kind))
	if !ok {
		return nil, unknownKind(string(in.Kind))
	}
	if err := c.match(k, in.Name, in.IfMatch, in.Any); err != nil {
		return nil, err
	}
	d, err := catalog.ReadJSON(k, in.Name, in.Body)
	if err != nil {
		return nil, err
	}
	if d.DocName() != in.Name {
		return nil, muster.Invalid("The document is not right", []muster.FieldError{{Path: "name", Message: fmt.Sprintf("is %q, but the address says %q", d.DocName(), in.Name)}})
	}
	created := c.Snap.Catalog.Document(k, in.Name) == nil
	if c, err = c.accepting(in.Accept); err != nil {
		return nil, err
	}
	rev, err := c.writeDocs([]docChange{{kind: k, name: in.Name, doc: d}}, in.Why)
	if err != nil {
		return nil, err
	}
	return &Document{Kind: k, Name: in.Name, Revision: rev, Doc: d, Created: created, Judged: c.gate.partly}, nil
}

func unknownKind(word string) error {
	words := make([]string, 0, 11)
	for _, k := range muster.Kinds() {
		words = append(words, string(k))
	}
	hint := "there are " + strings.Join(words, ", ")
	if n := muster.Nearest(word, words); n != "" {
		hint = "did you mean " + n + "?"
	}
	return muster.Errorf(muster.ErrNotFound, "%q is not a kind of document: %s", muster.Clip(word, 40), hint)
}

// match compares If-Match with the newest revision of the document.
func (c *Call) match(k muster.Kind, name string, want muster.Revision, anyRev bool) error {
	if anyRev {
		return nil
	}
	have := c.Snap.Catalog.RevisionOf(muster.DocRef(k, name))
	switch {
	case have == want:
		return nil
	case have == 0:
		return muster.Errorf(muster.ErrPrecondition, "%s/%s does not exist any more. Somebody removed it since you read it.", k, name)
	case want == 0:
		return muster.Errorf(muster.ErrPrecondition, "%s/%s exists already, at revision %d. Send If-Match: \"%d\" to change it.", k, name, have, have)
	}
	return muster.Errorf(muster.ErrPrecondition, "%s/%s was changed since: you have revision %d, it is at %d. Read it again and make your change on that.", k, name, want, have)
}

func (c *Call) deleteDocument(in OneDocument) (muster.Nothing, error) {
	k, ok := muster.KindOf(string(in.Kind))
	if !ok {
		return muster.Nothing{}, unknownKind(string(in.Kind))
	}
	if c.Snap.Catalog.Document(k, in.Name) == nil {
		return muster.Nothing{}, muster.Errorf(muster.ErrNotFound, "There is no document %s/%s.", k, in.Name)
	}
	if k == muster.KindRoutes && in.Name == string(muster.DefaultRoute) {
		return muster.Nothing{}, muster.Errorf(muster.ErrConflict, "The default route cannot be removed: it pages somebody about what no other route takes. Change it instead.")
	}
	if err := c.match(k, in.Name, in.IfMatch, in.Any); err != nil {
		return muster.Nothing{}, err
	}
	c, err := c.accepting(in.Accept)
	if err != nil {
		return muster.Nothing{}, err
	}
	_, err = c.writeDocs([]docChange{{kind: k, name: in.Name}}, in.Why)
	return muster.Nothing{}, err
}

func (c *Call) applyDocuments(in ApplyDocuments) (*Applied, error) {
	out := &Applied{Revision: c.Snap.Catalog.Revision, Changes: []AppliedChange{}}
	var changes []docChange
	for _, p := range in.parsed {
		k, name := p.Doc.DocKind(), p.Doc.DocName()
		old := c.Snap.Catalog.Document(k, name)
		d := p.Doc
		what := "created"
		if old != nil {
			d = oneOfEach(catalog.Merge(old, d))
			what = "changed"
			if plan.Same(old, d) {
				out.Changes = append(out.Changes, AppliedChange{k, name, "unchanged"})
				continue
			}
		}
		out.Changes = append(out.Changes, AppliedChange{k, name, what})
		changes = append(changes, docChange{kind: k, name: name, doc: d, file: p.File, line: p.Line})
	}
	if len(changes) == 0 {
		return out, nil
	}
	c, err := c.accepting(in.Accept)
	if err != nil {
		return nil, err
	}
	if in.DryRun { // what would be refused is refused
		next, err := c.afterDocs(changes)
		if err == nil {
			_, out.Judged, err = c.pass(changes, next)
		}
		return out, located(in.parsed, err)
	}
	rev, err := c.writeDocs(changes, in.Why)
	out.Revision, out.Judged = rev, c.gate.partly
	return out, located(in.parsed, err)
}

// checkDocs checks rights, each document, and the catalog that would result.
func (c *Call) checkDocs(changes []docChange) error {
	_, err := c.afterDocs(changes)
	return err
}

// afterDocs is the catalog that would result, when nothing is wrong with it.
func (c *Call) afterDocs(changes []docChange) (*muster.Catalog, error) {
	docs := map[string]muster.Document{}
	for _, d := range c.Snap.Catalog.All() {
		docs[muster.DocRef(d.DocKind(), d.DocName())] = d
	}
	var wrong []muster.FieldError
	for _, ch := range changes {
		ref := muster.DocRef(ch.kind, ch.name)
		if err := c.mayWrite(docs[ref], ch.doc, ref); err != nil {
			return nil, err
		}
		if ch.doc == nil {
			delete(docs, ref)
			continue
		}
		for _, f := range slices.Concat(ch.doc.Check(), catalog.CheckTitles(ch.doc), c.checkPatches(docs[ref], ch.doc)) {
			wrong = append(wrong, muster.FieldError{File: ch.file, Line: ch.line, Path: ref + "." + f.Path, Message: f.Message})
		}
		docs[ref] = ch.doc
	}
	if len(wrong) > 0 {
		return nil, muster.Invalid("The document is not right", wrong)
	}
	if err := c.keepAdmin(docs); err != nil {
		return nil, err
	}
	all := make([]muster.Document, 0, len(docs))
	for _, d := range docs {
		all = append(all, d)
	}
	next := muster.NewCatalog(c.Snap.Catalog.Revision+1, all, c.Snap.Catalog.Revisions)
	if wrong := slices.Concat(catalog.Check(next, c.CheckConnector, c.Snap.Zones), c.checkBackups(next), c.checkTold(c.Snap.Catalog, next)); len(wrong) > 0 {
		return nil, muster.Invalid("The catalog would not be right", wrong)
	}
	if wrong := catalog.CheckViewers(c.Snap.Catalog, next); len(wrong) > 0 {
		return nil, muster.Invalid("The catalog would not be right", wrong)
	}
	return next, nil
}

// keepAdmin refuses a change after which nobody could administer Muster any more, nor be paged when nobody else answers.
func (c *Call) keepAdmin(docs map[string]muster.Document) error {
	active := func(u *muster.User) bool { return u.Access == muster.AccessAdmin && !u.Disabled }
	for _, d := range docs {
		if u, ok := d.(*muster.User); ok && active(u) {
			return nil
		}
	}
	for _, u := range c.Snap.Catalog.Users {
		if active(u) {
			return muster.Errorf(muster.ErrConflict, "%s is the only admin: make somebody else an admin first.", c.Snap.Catalog.DisplayName(u.Name))
		}
	}
	return nil
}

// mayWrite asks for the right to change a document: that of the team that owns it, before and after. A person may change
// their own notification rules and zone, but not their rights, nor by what chats and sign-in know them.
func (c *Call) mayWrite(old, next muster.Document, ref string) error {
	for _, d := range []muster.Document{old, next} {
		if d == nil {
			continue
		}
		if u, ok := next.(*muster.User); ok && u != nil && c.Actor.User != "" && u.Name == c.Actor.User {
			if was, ok := old.(*muster.User); ok && was != nil && was.Access == u.Access && was.Disabled == u.Disabled &&
				was.Email == u.Email && was.Directory == u.Directory && slices.Equal(was.Teams, u.Teams) {
				return nil
			}
		}
		if err := c.mustOwn(d.DocTeam(), ref); err != nil {
			return err
		}
	}
	return c.mayUseSecrets(old, next)
}

// mayUseSecrets lets only admins say which stored secrets a connector uses and where it connects to: everybody else could
// have any secret of the installation sent to a server of their own. The owners of its team may change the rest.
func (c *Call) mayUseSecrets(old, next muster.Document) error {
	if c.Actor.Access == muster.AccessAdmin || !catalog.NewSecrets(old, next) {
		return nil
	}
	return muster.Errorf(muster.ErrForbidden, "The connector %q uses stored secrets: only an admin may say which, and where it connects to.", next.DocName())
}

// writeDocs writes changes as one revision each, in order, and audits them.
func (c *Call) writeDocs(changes []docChange, why string) (muster.Revision, error) {
	for i := range changes {
		changes[i].doc = oneOfEach(changes[i].doc)
	}
	next, err := c.afterDocs(changes)
	if err != nil {
		return 0, err
	}
	accepted, partly, err := c.pass(changes, next)
	if err != nil {
		return 0, err
	}
	why = reasonWith(why, accepted, partly)
	head, err := c.LockHead()
	if err != nil {
		return 0, err
	}
	if head > c.Snap.Catalog.Revision {
		return 0, errStale
	}
	out := make([]muster.DocRevision, 0, len(changes))
	for _, ch := range changes {
		head++
		row := muster.DocRevision{Revision: head, Kind: ch.kind, Name: ch.name, By: c.Actor.By(), Why: muster.CleanText(why, 500), At: c.Now()}
		if ch.doc != nil {
			b, err := json.Marshal(ch.doc)
			if err != nil {
				return 0, err
			}
			row.Body = string(b)
		}
		out = append(out, row)
		what := "write document"
		if ch.doc == nil {
			what = "remove document"
		}
		facts := map[string]string{"revision": fmt.Sprint(head), "why": row.Why}
		if accepted != "" {
			facts["accepted"] = accepted
		}
		if partly != "" {
			facts["judged"] = partly
		}
		if err := c.audit(what, muster.DocRef(ch.kind, ch.name), facts); err != nil {
			return 0, err
		}
	}
	if err := c.InsertDocs(out); err != nil {
		return 0, err
	}
	if err := c.follow(changes, why); err != nil {
		return 0, err
	}
	*c.docs = true
	c.Emit(store.Event{Topic: "catalog", Revision: head})
	c.Emit(store.Event{Topic: "now", Parts: []string{"catalog"}})
	return head, nil
}

// follow does what a change of documents means for facts: silences for open alerts, people for what opens doors.
func (c *Call) follow(changes []docChange, why string) error {
	look := false
	for _, ch := range changes {
		var err error
		switch ch.kind {
		case muster.KindSilences:
			look, err = true, c.lookAgainAt(ch)
		case muster.KindUsers:
			err = c.shutOut(muster.UserName(ch.name), ch.doc)
		case muster.KindRosters:
			if err = c.tellShifts(ch, why); err == nil {
				err = c.followRoster(ch)
			}
		case muster.KindSources:
			err = c.followHeartbeats(ch)
		default:
		}
		if err != nil {
			return err
		}
	}
	if err := c.followCalendars(changes); err != nil {
		return err
	}
	if look {
		return c.lookAgain()
	}
	return nil
}
