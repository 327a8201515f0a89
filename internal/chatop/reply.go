package chatop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// word says in words what an operation did.
func (c *Chat) word(actor muster.Actor, op *muster.Op, out any, defaulted muster.Duration) string {
	switch o := out.(type) {
	case *muster.Alert:
		return alertWord(op.Name, o)
	case *muster.Incident:
		return incidentWord(op.Name, o)
	case *muster.StatusUpdate:
		return "Posted for " + audience(o.Audience) + ". " + c.promised(actor, o.Final, o.NextUpdateBy, defaulted > 0)
	case *command.StatusChange:
		return c.statusWord(actor, op.Name, o)
	case *muster.Entry:
		return "Noted in the timeline."
	case *muster.Review:
		return fmt.Sprintf("The review of %s is drafted.", o.Key)
	case *command.Taken:
		return c.takenWord(actor, o)
	case *muster.SwapRequest:
		return c.swapWord(actor, op.Name, o)
	case muster.Listing[query.Swap]:
		return c.swapsWord(actor, o)
	case *command.ExpertPaged:
		return c.pagedWord(o)
	case muster.Listing[query.Expertise]:
		return c.expertsWord(o)
	case muster.Listing[query.RosterWarning]:
		return warningsWord(o)
	case muster.Nothing:
		return "Done."
	}
	return c.readWord(actor, out)
}

func alertWord(op string, a *muster.Alert) string {
	switch op {
	case "AckAlert":
		if a.Status == muster.AlertOpen && a.AcksNeeded > 1 {
			return fmt.Sprintf("You have acknowledged, %d of %d: %s. Muster goes on paging others.", len(a.Acks), a.AcksNeeded, a.Title)
		}
		return fmt.Sprintf("You have it: %s. Nobody else is paged about it.", a.Title)
	case "SnoozeAlert":
		if a.Snooze != nil {
			return fmt.Sprintf("Snoozed until %s: %s. Then it pages again.", a.Snooze.Until.UTC().Format("15:04 UTC"), a.Title)
		}
	case "UnackAlert":
		return fmt.Sprintf("Given back: %s. It pages again.", a.Title)
	case "EscalateAlert":
		return fmt.Sprintf("Escalated: %s. The next step is paged now.", a.Title)
	case "PageResponder":
		return fmt.Sprintf("Paged about: %s.", a.Title)
	}
	return fmt.Sprintf("%s is %s.", a.Title, a.Status)
}

func incidentWord(op string, i *muster.Incident) string {
	switch op {
	case "DeclareIncident":
		return fmt.Sprintf("%s is declared (%s): %s", i.Key, i.Severity, i.Title)
	case "SetSeverity":
		return fmt.Sprintf("%s is %s now.", i.Key, i.Severity)
	case "AssignRole":
		return fmt.Sprintf("The roles of %s are changed.", i.Key)
	case "StartAction":
		return fmt.Sprintf("Noted as being done in %s.", i.Key)
	case "AddTheory":
		return fmt.Sprintf("Noted as a theory in %s.", i.Key)
	case "SetAnswer":
		return fmt.Sprintf("Answered in %s.", i.Key)
	}
	return fmt.Sprintf("%s is %s: %s", i.Key, i.Status, i.Title)
}

func audience(a muster.Audience) string {
	switch a {
	case muster.AudiencePublic:
		return "the public status page"
	case muster.AudienceResponders:
		return "the responders"
	case muster.AudienceOrganisation:
	}
	return "the organisation"
}

func (c *Chat) statusWord(actor muster.Actor, op string, o *command.StatusChange) string {
	key, title := "", ""
	if o.Incident != nil {
		key, title = string(o.Incident.Key), o.Incident.Title
	}
	var head string
	switch {
	case op == "OpenStatus" && o.Declared:
		head = fmt.Sprintf("%s is open on the status page: %s", key, sentence(title))
	case op == "OpenStatus":
		head = fmt.Sprintf("There is an open incident already, %s (%s), so this was added to it.", key, title)
	case op == "CloseStatus" && o.Resolved:
		return fmt.Sprintf("%s is closed on the status page and resolved.", key)
	case op == "CloseStatus":
		return fmt.Sprintf("%s is closed on the status page. For the responders it is %s.", key, o.Incident.Status)
	default:
		head = fmt.Sprintf("Posted on the status page for %s.", key)
	}
	if o.Update == nil {
		return head
	}
	return head + " " + c.promised(actor, o.Update.Final, o.Update.NextUpdateBy, o.Default)
}

func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// promised says when people hear again, and that nobody but Muster chose the time when that is so.
func (c *Chat) promised(actor muster.Actor, final bool, by muster.Instant, defaulted bool) string {
	if final || by.IsZero() {
		return "It is the last update."
	}
	s := "The next update is promised by " + c.clock(actor, by)
	if defaulted {
		return s + " (the default; begin with in=1h to promise another time)."
	}
	return s + "."
}

// clock tells a time of day in the zone of a person, else in UTC.
func (c *Chat) clock(actor muster.Actor, at muster.Instant) string {
	zone := time.UTC
	if c.Zone != nil {
		zone = c.Zone(actor.User)
	}
	return at.In(zone).Format("15:04 MST")
}

// readWord words the answers of questions: who is on call, why, lists.
func (c *Chat) readWord(actor muster.Actor, out any) string {
	var o struct {
		Steps []muster.Reason
		Items []struct {
			Roster, Role, Service, Key, Title, Status, ID string
			People                                        []struct{ Name string }
			Until                                         muster.Instant
		}
	}
	if err := reread(out, &o); err != nil {
		return "Done."
	}
	var lines []string
	for _, s := range o.Steps {
		lines = append(lines, s.Text)
	}
	for _, it := range o.Items {
		if it.Role == "" {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", cmp.Or(it.Key, it.ID), it.Status, it.Title)))
			continue
		}
		var names []string
		for _, p := range it.People {
			names = append(names, p.Name)
		}
		who := cmp.Or(strings.Join(names, ", "), "nobody")
		line := fmt.Sprintf("%s %s: %s", cmp.Or(it.Roster, it.Service), it.Role, who)
		if !it.Until.IsZero() {
			line += " until " + it.Until.Format("Mon ") + c.clock(actor, it.Until)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return "There is nothing to tell."
	}
	if more := len(lines) - 20; more > 0 {
		lines = append(lines[:20], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// help lists the words; of one word, how it is used.
func (c *Chat) help(bot, guest bool, about string) Reply {
	about = strings.ToLower(strings.TrimSpace(about))
	if op := c.words[about]; op != nil {
		return Reply{Text: op.Summary + ".\n" + Usage(op), Private: true}
	}
	var lines []string
	if bot || guest {
		pre := "status "
		if bot {
			pre = ""
		}
		lines = append(lines,
			pre+"open [MESSAGE]: open an incident on the status page",
			pre+"update MESSAGE: say what is known; begin with in=1h to promise the next update in an hour",
			pre+"close [MESSAGE]: post the last update and close it",
			"help: this")
		return Reply{Text: strings.Join(lines, "\n"), Private: true}
	}
	words := make([]string, 0, len(c.words))
	for w := range c.words {
		words = append(words, w)
	}
	slices.Sort(words)
	for _, w := range words {
		lines = append(lines, w+": "+lower(c.words[w].Summary))
	}
	lines = append(lines, "did, saw, said, decided, felt: a note of that kind", "help WORD: how a word is used")
	return Reply{Text: strings.Join(lines, "\n"), Private: true}
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// Usage is one line on how an operation is written in chat.
func Usage(op *muster.Op) string {
	parts := []string{"Write: " + op.Chat}
	fields := op.Fields()
	var options []string
	slices.SortStableFunc(fields, func(a, b muster.OpField) int { return strings.Compare(a.Arg, b.Arg) })
	for _, f := range fields {
		name := strings.ToUpper(f.Name)
		switch {
		case f.Arg == "":
			options = append(options, f.Name+"=…")
		case !f.Required || f.Name == "incident" || f.Name == "alert":
			parts = append(parts, "["+name+"]")
		default:
			parts = append(parts, name)
		}
	}
	s := strings.Join(parts, " ")
	if len(options) > 0 {
		s += " (before the text: " + strings.Join(options, " ") + ")"
	}
	return s
}
