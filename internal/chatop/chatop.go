package chatop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// Reply is the answer to a line of text.
type Reply struct {
	Text    string
	Private bool   // meant for the person alone, where the chat can do that: help and what went wrong
	Op      string // name of the operation that ran; "" when none did
	Out     any    // its outcome
	Err     error  // why it did not run
}

// Message is a line of text from a chat whose sender the connector has proved.
type Message struct {
	Directory string // the sender's ID in the chat's directory
	Email     string
	Name      string // as the chat shows it; proves nothing
	Text      string
	Room      string // incident of the room in which it was said; "" outside of rooms
	StatusBot bool   // the bot is the status page's own: open, update, close and help stand alone
}

// Chat runs lines of text. Make it with New.
type Chat struct {
	// Zone is the zone in which a person is told the time; nil: UTC.
	Zone func(muster.UserName) *time.Location

	catalog func() *muster.Catalog
	words   map[string]*muster.Op
	lists   map[string]*muster.Op // read operations that list something, by path
}

// New takes the operations of command and query together, and the newest catalog.
func New(ops []muster.Op, catalog func() *muster.Catalog) *Chat {
	c := &Chat{catalog: catalog, words: map[string]*muster.Op{}, lists: map[string]*muster.Op{}}
	for i := range ops {
		op := &ops[i]
		if op.Chat != "" {
			c.words[op.Chat] = op
		}
		if op.Read && op.List {
			c.lists[op.Path] = op
		}
	}
	return c
}

// guestWords is what a guest may do.
var guestWords = []string{"status open", "status update", "status close", "note", "help"}

// scribe are the words that write to the timeline in the scribe's kinds.
func scribe(word string) (muster.EntryKind, bool) {
	k := muster.EntryKind(word)
	return k, slices.Contains(muster.ScribeKinds(), k)
}

// Hear runs a line from a chat.
//
// The sender is the person of the catalog with this ID in the chat's directory, or with this e-mail address. A name
// proves nothing and is not matched. Everybody else is a guest, shown with the chat's name: because the connector proved
// that the line comes from the team's own channel, a guest may open, update and close on the status page and add notes,
// and nothing else.
func (c *Chat) Hear(ctx context.Context, m Message) Reply {
	actor, guest := c.speaker(m)
	return c.run(ctx, actor, m.Room, guest, m.StatusBot, m.Text)
}

// Run runs a line of a person who is known already. room is the incident that the line is about, "" when none is.
func (c *Chat) Run(ctx context.Context, actor muster.Actor, room, text string) Reply {
	return c.run(ctx, actor, room, false, false, text)
}

// Words lists the words of the grammar, for completion.
func (c *Chat) Words() []string {
	out := []string{"help"}
	for w := range c.words {
		out = append(out, w)
	}
	if c.words["note"] != nil {
		for _, k := range muster.ScribeKinds() {
			out = append(out, string(k))
		}
	}
	slices.Sort(out)
	return out
}

func (c *Chat) speaker(m Message) (actor muster.Actor, guest bool) {
	cat := c.catalog()
	for _, d := range cat.Documents(muster.KindUsers) {
		u, ok := d.(*muster.User)
		if !ok || u.Disabled {
			continue
		}
		if (m.Directory != "" && u.Directory == m.Directory) || (m.Email != "" && strings.EqualFold(u.Email, m.Email)) {
			return muster.Actor{
				User: u.Name, Name: cat.DisplayName(u.Name), Access: cat.AccessOf(u.Name), Teams: cat.OwnedTeams(u.Name), Surface: muster.SurfaceChat,
			}, false
		}
	}
	name := cmp.Or(muster.CleanLine(m.Name, 80), "Somebody")
	return muster.Actor{Name: name + " (guest)", Access: muster.AccessResponder, Surface: muster.SurfaceChat}, true
}

func (c *Chat) run(ctx context.Context, actor muster.Actor, room string, guest, bot bool, text string) Reply {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\u00a0", " "))
	text = strings.TrimPrefix(text, "/")
	first, rest := cut(text)
	word := strings.ToLower(first)
	if bot && slices.Contains([]string{"open", "update", "close"}, word) {
		return c.exec(ctx, actor, room, guest, "status "+word, rest, nil)
	}
	switch word {
	case "", "help", "?":
		return c.help(bot, guest, rest)
	case "status":
		second, after := cut(rest)
		word, rest = "status "+strings.ToLower(second), after
		if second == "" || strings.EqualFold(second, "help") {
			return c.help(true, guest, "")
		}
	}
	if kind, ok := scribe(word); ok {
		return c.exec(ctx, actor, room, guest, "note", rest, map[string]string{"kind": string(kind)})
	}
	if c.words[word] == nil {
		return c.unknown(word, bot, guest)
	}
	word, rest = c.toExpert(actor, room, word, rest)
	return c.exec(ctx, actor, room, guest, word, rest, nil)
}

func (c *Chat) unknown(word string, bot, guest bool) Reply {
	help := c.help(bot, guest, "")
	text := fmt.Sprintf("%q is not a word that I know.", muster.Clip(word, 40))
	known := c.Words()
	if bot {
		known = []string{"open", "update", "close", "help"}
	}
	if near := muster.Nearest(word, known); near != "" {
		text += fmt.Sprintf(" Did you mean %q?", near)
	}
	help.Text = text + "\n" + help.Text
	help.Err = muster.Errorf(muster.ErrInvalid, "%s", text)
	return help
}

// exec fills in the operation's input and runs it.
func (c *Chat) exec(ctx context.Context, actor muster.Actor, room string, guest bool, word, rest string, set map[string]string) Reply {
	op := c.words[word]
	if op == nil {
		return c.unknown(word, false, guest)
	}
	if guest && !slices.Contains(guestWords, word) {
		return failed(op, muster.Errorf(muster.ErrForbidden,
			"I do not know who you are, %s, so I only take %s from you. An admin can enter your chat ID or e-mail address under People.",
			strings.TrimSuffix(actor.Name, " (guest)"), strings.Join(guestWords, ", ")))
	}
	f := filler{Chat: c, actor: actor, room: room, op: op}
	in, err := f.fill(ctx, rest, set)
	if err != nil {
		return failed(op, err)
	}
	out, err := op.Exec(ctx, actor, in.Interface())
	if err != nil {
		return failed(op, err)
	}
	return Reply{Text: c.word(actor, op, out, f.defaulted), Op: op.Name, Out: out, Private: op.Read}
}

func failed(op *muster.Op, err error) Reply {
	text := muster.MessageOf(err)
	var e *muster.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		lines := []string{text}
		for _, f := range e.Fields {
			lines = append(lines, strings.TrimPrefix(f.Path+": "+f.Message, ": "))
		}
		text = strings.Join(append(lines, Usage(op)), "\n")
	}
	return Reply{Text: text, Op: op.Name, Err: err, Private: true}
}

// cut takes the first word off.
func cut(s string) (first, rest string) {
	s = strings.TrimSpace(s)
	i := strings.IndexFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' })
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}
