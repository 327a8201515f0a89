package command

import (
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
)

// toldDangers is how many dangers of a change a notice tells; its page has them all.
const toldDangers = 2

// proposalURL is where a proposal is read and decided.
func proposalURL(p *muster.Proposal) string { return "/changes/" + string(p.ID) }

// tellProposed tells those who may approve a change that somebody asks them to. Whoever proposed it is not among them.
func (c *Call) tellProposed(p *muster.Proposal, changes []docChange) error {
	edits := make([]catalog.Edit, len(changes))
	for i, ch := range changes {
		edits[i] = catalog.Edit{Kind: ch.kind, Name: ch.name, Doc: ch.doc}
	}
	var lines []string
	if p.Why != "" {
		lines = append(lines, "“"+p.Why+"”")
	}
	lines = append(lines, p.Summary)
	lines = append(lines, p.Dangers[:min(len(p.Dangers), toldDangers)]...)
	if more := len(p.Dangers) - toldDangers; more > 0 {
		lines = append(lines, "And "+counted(more, "more like this.", "more like these."))
	}
	lines = append(lines, "Nothing changes until somebody approves it.")
	for _, u := range catalog.Approvers(c.Snap.Catalog, edits, p.By.User) {
		if err := c.notify(muster.Notice{
			Person: u, Kind: muster.NoticeChangeProposed, Title: p.By.Name + " asks you to look at a change of " + aboutWhat(p),
			Text: strings.Join(lines, "\n"), URL: proposalURL(p), Ref: string(p.ID), Key: string(muster.NoticeChangeProposed) + "/" + string(p.ID),
		}); err != nil {
			return err
		}
	}
	return nil
}

// tellDecided tells whoever proposed a change what became of it, unless they decided it themselves.
func (c *Call) tellDecided(p *muster.Proposal) error {
	if p.By.User == "" || p.By.User == c.Actor.User {
		return nil
	}
	title, text := " rejected your change of ", "Nothing was written."
	if p.Status == muster.ProposalApproved {
		title, text = " approved your change of ", "It is written."
	}
	if p.Note != "" {
		text = "“" + p.Note + "”\n" + text
	}
	return c.notify(muster.Notice{
		Person: p.By.User, Kind: muster.NoticeChangeDecided, Title: c.Actor.By().Name + title + aboutWhat(p),
		Text: text, URL: proposalURL(p), Ref: string(p.ID), Key: string(muster.NoticeChangeDecided) + "/" + string(p.ID),
	})
}

// aboutWhat names what a proposal is about: the document, or how many there are.
func aboutWhat(p *muster.Proposal) string {
	refs := refsOf(p)
	if len(refs) == 1 {
		return refs[0]
	}
	return counted(len(refs), "document", "documents")
}
