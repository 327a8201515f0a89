package command

import (
	"context"
	"errors"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
)

// PutText is [PutDocument] for the editor of a browser: the document comes as the text that a person wrote, so that what
// is wrong with it can be told by its line.
type PutText struct {
	Kind    muster.Kind
	Name    string // "": the one that the text gives, for a new document
	Text    string
	IfMatch muster.Revision
	Any     bool
	Why     string
	Accept  string // as in [PutDocument]
	DryRun  bool   // only say what is wrong
}

// PutText writes one document if nobody else did since. Its right is that of PutDocument.
func (c *Commands) PutText(ctx context.Context, actor muster.Actor, in PutText) (out *Document, err error) {
	if !actor.Access.AtLeast(muster.AccessResponder) {
		return nil, muster.Errorf(muster.ErrForbidden, "Writing a document needs the role %s; you are %s.", muster.AccessResponder, actor.Access)
	}
	if _, ok := muster.KindOf(string(in.Kind)); !ok {
		return nil, unknownKind(string(in.Kind))
	}
	parsed, wrong := catalog.Parse("", []byte(in.Text))
	if len(wrong) == 0 && len(parsed) != 1 {
		wrong = append(wrong, muster.FieldError{Message: "write one document here, not several"})
	}
	if len(wrong) > 0 {
		return nil, muster.Invalid("The document is not right", wrong)
	}
	d := parsed[0].Doc
	if in.Name == "" {
		in.Name = d.DocName()
	}
	if d.DocKind() != in.Kind || d.DocName() != in.Name {
		return nil, muster.Invalid("The document is not right", []muster.FieldError{{
			Line: 1, Path: "name", Message: "this is " + muster.DocRef(in.Kind, in.Name) + "; the text says " + parsed[0].Ref() + ". A document cannot be renamed, because others refer to it",
		}})
	}
	err = c.do(ctx, "PutText", actor, func(call *Call) error {
		out, err = call.putText(in, d)
		return err
	})
	if err != nil {
		return nil, located(parsed, err)
	}
	return out, nil
}

// located adds to what is wrong between documents the file and the line where it was written.
func located(parsed []catalog.Parsed, err error) error {
	e, ok := errors.AsType[*muster.Error](err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = catalog.Locate(parsed, e.Fields)
	return &out
}

func (c *Call) putText(in PutText, d muster.Document) (*Document, error) {
	if err := c.match(in.Kind, in.Name, in.IfMatch, in.Any); err != nil {
		return nil, err
	}
	out := &Document{Kind: in.Kind, Name: in.Name, Doc: d, Created: c.Snap.Catalog.Document(in.Kind, in.Name) == nil}
	changes := []docChange{{kind: in.Kind, name: in.Name, doc: d}}
	if in.DryRun {
		err := c.checkDocs(changes)
		return out, err
	}
	c, err := c.accepting(in.Accept)
	if err != nil {
		return nil, err
	}
	out.Revision, err = c.writeDocs(changes, in.Why)
	out.Judged = c.gate.partly
	return out, err
}
