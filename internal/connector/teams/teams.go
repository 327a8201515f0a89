// Package teams hears what people say to Muster through an outgoing webhook of Microsoft Teams, and answers in the same
// response. The webhook belongs to one team, works in standard channels, and fires when somebody mentions it.
//
// It imports connector, the standard library and the root package. It cannot page and cannot speak first: Teams gives
// an outgoing webhook no way to do so.
package teams

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// Kind is the kind's word in documents.
const Kind = "teams-webhook"

// maxReply is how long an answer may be: Teams takes some 28 KB of a message.
const maxReply = 6000

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Microsoft Teams (outgoing webhook)",
		Help: "People write to Muster in a channel by mentioning the webhook. Teams shows the security token once, when the webhook is made.",
		Settings: []connector.Setting{
			{Name: "secret", Title: "Security token", Help: "As Teams shows it, in base64.", Required: true, Secret: true},
		},
		New: func(c connector.Config) (connector.Connector, error) { return New(c) },
	}
}

// Connector receives from Teams.
type Connector struct {
	name string
	key  []byte
}

// New makes the connector.
func New(c connector.Config) (*Connector, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(c.Secrets["secret"]))
	if err != nil || len(key) < 16 {
		return nil, muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{{
			Path: "secrets.secret", Message: "is not the security token of an outgoing webhook: it is base64 of at least 16 bytes",
		}})
	}
	return &Connector{name: string(c.Name), key: key}, nil
}

// Kind implements [connector.Connector].
func (c *Connector) Kind() string { return Kind }

// String names the connector and hides its key.
func (c *Connector) String() string { return "teams webhook " + c.name }

// GoString is [Connector.String].
func (c *Connector) GoString() string { return c.String() }

// LogValue is [Connector.String].
func (c *Connector) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Deliver implements [connector.Connector]: an outgoing webhook of Teams cannot be written to.
func (c *Connector) Deliver(context.Context, connector.Delivery) (connector.Receipt, error) {
	return connector.Receipt{}, connector.Permanent(errors.New("an outgoing webhook of Teams only answers: it cannot be written to"))
}

// activity is the part of a Bot Framework activity that counts.
type activity struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Text string `json:"text"`
	From struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		AADObjectID string `json:"aadObjectId"`
		Email       string `json:"email"`
		UPN         string `json:"userPrincipalName"`
	} `json:"from"`
	Conversation struct {
		ID       string `json:"id"`
		TenantID string `json:"tenantId"`
	} `json:"conversation"`
	ChannelData struct {
		Tenant struct {
			ID string `json:"id"`
		} `json:"tenant"`
		Channel struct {
			ID string `json:"id"`
		} `json:"channel"`
	} `json:"channelData"`
}

// Receive implements [connector.Inbound]. The signature is over the raw body, as it came; nothing of it is looked at
// before the signature is right.
func (c *Connector) Receive(r *http.Request, body []byte) (connector.ChatMessage, error) {
	if !c.signed(r.Header.Get("Authorization"), body) {
		return connector.ChatMessage{}, muster.Errorf(muster.ErrUnauthenticated, "The signature is missing or wrong: enter the security token of this webhook again.")
	}
	var a activity
	if !utf8.Valid(body) || json.Unmarshal(body, &a) != nil {
		return connector.ChatMessage{}, muster.Errorf(muster.ErrUnreadable, "This is not an activity of Teams: the body is not readable.")
	}
	if a.Type != "message" {
		return connector.ChatMessage{}, muster.Errorf(muster.ErrInvalid, "An activity of type %q is not a message.", muster.Clip(a.Type, 40))
	}
	if a.From.ID == "" && a.From.AADObjectID == "" {
		return connector.ChatMessage{}, muster.Invalid("This is not a message of Teams", []muster.FieldError{{Path: "from.id", Message: "is missing: it is not known who writes"}})
	}
	m := connector.ChatMessage{
		ID: muster.CleanLine(a.ID, 200), ActorID: muster.CleanLine(a.From.AADObjectID, 200), ActorName: muster.CleanLine(a.From.Name, 100),
		Email: muster.CleanLine(a.From.Email, 200), Text: plain(a.Text),
		Room: muster.CleanLine(a.ChannelData.Channel.ID, 200), Tenant: muster.CleanLine(a.ChannelData.Tenant.ID, 100),
	}
	if m.Email == "" {
		m.Email = muster.CleanLine(a.From.UPN, 200)
	}
	if m.Room == "" {
		m.Room, _, _ = strings.Cut(muster.CleanLine(a.Conversation.ID, 200), ";")
	}
	if m.Tenant == "" {
		m.Tenant = muster.CleanLine(a.Conversation.TenantID, 100)
	}
	return m, nil
}

func (c *Connector) signed(header string, body []byte) bool {
	scheme, sig, _ := strings.Cut(strings.TrimSpace(header), " ")
	got, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sig))
	if err != nil || !strings.EqualFold(scheme, "HMAC") {
		return false
	}
	m := hmac.New(sha256.New, c.key)
	m.Write(body)
	return hmac.Equal(got, m.Sum(nil))
}

var (
	mention = regexp.MustCompile(`(?is)<at\b[^>]*>.*?</at>`)
	breaks  = regexp.MustCompile(`(?i)<(br\s*/?|/p|/div|/li)>`)
	tags    = regexp.MustCompile(`(?s)</?[a-zA-Z][^<>]*>`)
)

// plain takes the mention, the markup and the entities out of a text. The first mention is Muster itself; mentions of
// people later in the text keep their names.
func plain(s string) string {
	if at := mention.FindStringIndex(s); at != nil {
		s = s[:at[0]] + " " + s[at[1]:]
	}
	s = tags.ReplaceAllString(breaks.ReplaceAllString(s, "\n"), "")
	s = strings.ReplaceAll(html.UnescapeString(s), "\u00a0", " ")
	return muster.CleanText(s, 8000)
}

// Reply implements [connector.Inbound].
func (c *Connector) Reply(w http.ResponseWriter, text string) error {
	body, err := json.Marshal(map[string]string{"type": "message", "text": escape(muster.CleanText(text, maxReply))})
	if err != nil {
		return fmt.Errorf("the answer to Teams: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err = w.Write(body)
	return err
}

// escape keeps text from becoming markup or a mention: Teams reads HTML in messages.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
