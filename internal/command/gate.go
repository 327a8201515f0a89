package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/store"
)

// The change gate: before documents are written, what they would change is compared for the weeks to come and played
// through the newest alerts of the past. A change after which a policy reaches nobody whom it reaches now is refused, until
// somebody says the word ([plan.ReachesNobody]) or a second person approves it.
//
// The comparison reads thousands of rows, so it is made outside of the transaction: a command that is about to write
// documents ends with [unjudged], the change is judged, and the command runs again. The verdict holds for one revision of
// the catalog: when somebody else wrote meanwhile, it is made again.
const (
	gateAhead  = 45 * 24 * time.Hour
	gateBack   = 90 * 24 * time.Hour
	gateAlerts = 2000
	maxJudged  = 20 // times in one operation, which may write several changes

	gateTime  = 5 * time.Second    // to judge a change in; then it is told how far it was looked at
	gateShare = 3 * time.Second    // of it for the weeks to come: what is left is for the past
	gateLeast = 7 * 24 * time.Hour // that must have been looked at, lest the change count as one that may reach nobody
)

// gate is what one operation knows of its changes. It outlives the runs of the command.
type gate struct {
	asked    int // changes that this run of the command has asked about
	verdicts []verdict
	partly   string // how far what was written last had been looked at; "": as a whole
}

// change tells the changes of an operation apart. A command starts from its input each time, so its n-th change of a
// revision is the same in each run, up to identifiers and the moment.
type change struct {
	base    muster.Revision
	n       int
	refs    string
	without muster.ContactID // the contact method that is removed, where it is that and no document
}

type verdict struct {
	change
	consequences plan.Consequences
	replayed     plan.Replayed
	before       *plan.Snapshot
}

func (v *verdict) dangers() []string {
	out := plan.Dangers(v.before, &v.consequences, &v.replayed)
	if text := v.unseen(); text != "" {
		out = append(out, text)
	}
	return out
}

// unseen says that there was not enough time to judge a change; "" when there was.
func (v *verdict) unseen() string {
	const large = "It is too large to be judged as a whole. "
	switch c := &v.consequences; {
	case c.Short && c.Until.Sub(c.From.Time) < gateLeast:
		return large + c.Far()
	case v.replayed.Alerts == 0 && v.replayed.Unplayed > 0:
		return large + v.replayed.Far()
	}
	return ""
}

// partly says how far a change was looked at that was not judged as a whole; "" when it was, or needs not be.
func (v *verdict) partly() string {
	if v == nil {
		return ""
	}
	var said []string
	for _, text := range []string{v.consequences.Far(), v.replayed.Far()} {
		if text != "" {
			said = append(said, text)
		}
	}
	return strings.Join(said, " ")
}

// unjudged ends a run of a command whose change has to be judged first.
type unjudged struct {
	change
	before *plan.Snapshot
	next   *muster.Catalog
	now    muster.Instant
}

func (*unjudged) Error() string { return "command: a change of the catalog has not been judged yet" }

func isUnjudged(err error) bool {
	_, ok := errors.AsType[*unjudged](err)
	return ok
}

// consent is why a change that reaches nobody may be written all the same.
type consent struct {
	word string // that somebody sent
	by   string // the second person who approved it, in words
	safe bool   // the second person was told that it loses nobody
	mute bool   // the operation takes no word: it is for people who change their own shifts
	what string // what else can be done than to say the word; "": to propose the change
}

// accepting is the same call, in which somebody sent a word of acceptance along.
func (c *Call) accepting(word string) (*Call, error) {
	if word == "" {
		return c, nil
	}
	if word != plan.ReachesNobody {
		return nil, muster.Invalid("The change cannot be accepted like this", []muster.FieldError{{
			Path: "accept", Message: fmt.Sprintf("the word is %s, not %q", plan.ReachesNobody, muster.Clip(word, 40)),
		}})
	}
	up := *c
	up.consent.word = word
	return &up, nil
}

// pass lets a change through the gate, or refuses it. It gives what is to be kept with the change: who accepted what, and
// how far it was looked at when that was not the whole.
func (c *Call) pass(changes []docChange, next *muster.Catalog) (accepted, partly string, err error) {
	v, err := c.judged(changes, next)
	if err != nil {
		return "", "", err
	}
	accepted, err = c.consented(v)
	c.gate.partly = v.partly()
	return accepted, c.gate.partly, err
}

// consented says who accepted what a verdict is about, or refuses it.
func (c *Call) consented(v *verdict) (accepted string, err error) {
	switch {
	case c.consent.by != "" && c.consent.safe && v != nil && v.unseen() != "":
		return "", muster.Errorf(muster.ErrUnavailable, "This change lost nobody when it was proposed, and must be judged again. %s Nothing was written. Try again when this machine has less to do.", v.unseen())
	case c.consent.by != "" && c.consent.safe && v != nil && len(v.dangers()) > 0:
		return "", muster.Errorf(muster.ErrConflict, "This change lost nobody when it was proposed. Since then others have changed the catalog, and now it would. %s Nothing was written. Reject the proposal, and propose the change again, so that this is seen.", v.dangers()[0])
	case c.consent.by != "":
		return c.consent.by, nil
	case v == nil || len(v.dangers()) == 0:
		return "", nil
	case c.consent.word != "":
		return "accepted: " + c.consent.word, nil
	}
	return "", refusal(v, c.consent)
}

// judged is the verdict about a change; nil when it cannot matter to who is paged. An [unjudged] has to be judged first.
func (c *Call) judged(changes []docChange, next *muster.Catalog) (*verdict, error) {
	if !c.matters(changes) {
		return nil, nil
	}
	key := change{base: c.Snap.Catalog.Revision, n: c.gate.asked}
	for _, ch := range changes {
		key.refs += muster.DocRef(ch.kind, ch.name) + " "
	}
	return c.verdict(key, next)
}

func (c *Call) verdict(key change, next *muster.Catalog) (*verdict, error) {
	c.gate.asked++
	for i := range c.gate.verdicts {
		if v := &c.gate.verdicts[i]; v.change == key {
			return v, nil
		}
	}
	return nil, &unjudged{change: key, before: c.Snap, next: next, now: c.Now()}
}

// passWithout lets the removal of a contact method through the gate: it changes no document, but who can be reached. left
// are the methods that the person would have still: the verdict holds for them alone.
func (c *Call) passWithout(ct *muster.Contact, left []muster.Contact) (*verdict, string, error) {
	if len(c.Snap.Catalog.Policies) == 0 {
		return nil, "", nil
	}
	key := change{base: c.Snap.Catalog.Revision, n: c.gate.asked, without: ct.ID}
	for i := range left {
		key.refs += string(left[i].ID) + " "
	}
	v, err := c.verdict(key, c.Snap.Catalog)
	if err != nil {
		return nil, "", err
	}
	accepted, err := c.consented(v)
	return v, accepted, err
}

// matters reports whether a change can alter who is paged. What nobody refers to yet cannot, nor can the first documents of
// all.
func (c *Call) matters(changes []docChange) bool {
	if len(c.Snap.Catalog.Policies) == 0 {
		return false
	}
	return slices.ContainsFunc(changes, func(ch docChange) bool {
		old := c.Snap.Catalog.Document(ch.kind, ch.name)
		switch ch.kind {
		case muster.KindRoutes, muster.KindServices, muster.KindSources:
			return true
		case muster.KindPolicies:
			return old != nil
		case muster.KindUsers:
			was, ok := old.(*muster.User)
			is, _ := ch.doc.(*muster.User)
			return ok && was != nil && !was.Disabled && (is == nil || is.Disabled || !samePaged(was, is))
		case muster.KindRosters:
			was, ok := old.(*muster.Roster)
			is, _ := ch.doc.(*muster.Roster)
			return ok && was != nil && (is == nil || !sameTurns(was, is))
		case muster.KindConnectors:
			return old != nil && ch.doc == nil // the contact methods that use it are lost
		case muster.KindTeams, muster.KindSilences, muster.KindRunbooks, muster.KindStatusPages:
		}
		return false
	})
}

// sameTurns reports whether two rosters put the same people on call and name the same experts.
func sameTurns(a, b *muster.Roster) bool {
	return same([]any{a.Rotations, a.Overrides, a.Swaps, a.Topics}, []any{b.Rotations, b.Overrides, b.Swaps, b.Topics})
}

// samePaged reports whether two documents of a person have the same say in when, and by which targets, the person is paged:
// a policy may page a team, and viewers are nobody's page.
func samePaged(a, b *muster.User) bool {
	said := func(u *muster.User) []any {
		var hours [][]muster.Window
		for i := range u.Notify {
			if len(u.Notify[i].Hours) > 0 {
				hours = append(hours, u.Notify[i].Hours)
			}
		}
		teams := slices.Sorted(slices.Values(u.Teams))
		return []any{u.Quiet, u.Zone, teams, u.Access == muster.AccessViewer, hours}
	}
	return same(said(a), said(b))
}

// same reports whether two values say the same in JSON.
func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// judge compares and replays, outside of any transaction that writes.
func (c *Commands) judge(ctx context.Context, ask *unjudged) (verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, gateTime)
	defer cancel()
	v := verdict{change: ask.change, before: ask.before}
	var contacts plan.Contacts
	var past []plan.PastAlert
	err := c.Store.Read(ctx, func(r store.Reader) (err error) {
		if contacts, err = catalog.Contacts(r); err != nil {
			return err
		}
		past, _, err = catalog.Past(r, r.Now().Plus(-gateBack), "", gateAlerts)
		return err
	})
	if err != nil {
		return v, err
	}
	after := ask.before
	if ask.next != ask.before.Catalog {
		after, _ = plan.NewSnapshot(ask.next, ask.before.Zones) // it was checked
	}
	v.judge(ctx, gateShare, ask, after, plan.Facts{Was: contacts, Is: contacts.Without(ask.without)}, past)
	if errors.Is(ctx.Err(), context.Canceled) {
		return v, muster.WrapError(muster.ErrUnavailable, ctx.Err(), "You did not wait until the change was judged: nothing was changed.")
	}
	return v, nil
}

// judge gives the comparison a share of the time, so that some is left for the past, whatever the comparison takes.
func (v *verdict) judge(ctx context.Context, share time.Duration, ask *unjudged, after *plan.Snapshot, facts plan.Facts, past []plan.PastAlert) {
	ahead, cancel := context.WithTimeout(ctx, share)
	defer cancel()
	v.consequences = plan.Judge(ahead, ask.before, after, facts, ask.now, ask.now.Plus(gateAhead))
	v.replayed = plan.ReplayFacts(ctx, ask.before, after, past, facts, ask.now)
}

// ReachesNobody is the word that accepts a change which reaches nobody.
const ReachesNobody = plan.ReachesNobody

// errGated is the cause of every refusal of the gate.
var errGated = errors.New("command: the change reaches nobody")

// Gated reports whether an operation was refused by the change gate: with the word, it is done.
func Gated(err error) bool { return errors.Is(err, errGated) }

// refusal names the two worst facts and says what can be done.
func refusal(v *verdict, by consent) error {
	facts := v.dangers()
	if lost := len(v.consequences.Lost); lost > 0 && v.replayed.Lost > 0 {
		facts = []string{facts[0], facts[lost]} // the longest loss to come, and the newest alert of the past
	}
	text := "This change would reach nobody. " + strings.Join(facts[:min(len(facts), 2)], " ")
	if len(facts) == 1 && v.unseen() != "" {
		text = "Nobody can say whether this change would reach somebody. " + facts[0]
	}
	if n := v.replayed.Lost; n > 1 {
		text += fmt.Sprintf(" So would %d of the last %d alerts in all.", n, v.replayed.Alerts)
	}
	if looked := v.consequences.Looked; !looked.IsZero() {
		text += fmt.Sprintf(" (What comes after %s was not looked at.)", looked.UTC().Format("2 Jan 2006"))
	}
	if far := v.replayed.Far(); far != "" && v.unseen() == "" {
		text += " " + far
	}
	if by.mute {
		return muster.Errorf(muster.ErrConflict, "%s Nothing was written. Let somebody take the shift who can be reached, or ask an owner of the team to make an override.", text)
	}
	return muster.WrapError(muster.ErrConflict, errGated, "%s Nothing was written. If it is meant so, send accept: %q; or %s.",
		text, plan.ReachesNobody, cmp.Or(by.what, "propose the change, so that a second person approves it"))
}

// reasonWith is why a change was made, who accepted what, and how far it was looked at.
func reasonWith(why, accepted, partly string) string {
	switch {
	case accepted == "":
	case why == "":
		why = accepted
	default:
		why = strings.TrimSuffix(why, ".") + " (" + accepted + ")"
	}
	if partly == "" {
		return why
	}
	if why != "" && !strings.HasSuffix(why, ".") {
		why += "."
	}
	return strings.TrimSpace(why + " Not judged as a whole: " + partly)
}
