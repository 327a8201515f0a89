package api

import (
	"encoding/json"
	"hash/crc32"
	"net/http"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/chatop"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/httpx"
)

// maxChat is the most that a chat may send: Teams cuts messages at 28 KB.
const maxChat = 256 << 10

// teamsWebhook takes an outgoing webhook of Microsoft Teams and answers in the same response. A connector that does not
// exist is answered like a wrong signature, so that the address tells nothing.
func (a *API) teamsWebhook(w http.ResponseWriter, r *http.Request) {
	if err := a.hear(w, r, muster.ConnectorName(r.PathValue("connector"))); err != nil {
		httpx.WriteError(w, r, err)
	}
}

func (a *API) hear(w http.ResponseWriter, r *http.Request, name muster.ConnectorName) error {
	body, err := httpx.ReadBody(w, r, maxChat)
	if err != nil {
		return err
	}
	in, err := a.inbound(r, name)
	if err != nil {
		return err
	}
	var msg connector.ChatMessage
	if in == nil {
		err = muster.Errorf(muster.ErrUnauthenticated, "The signature is missing or wrong: enter the security token of this webhook again.")
	} else {
		msg, err = in.Receive(r, body)
	}
	if err != nil {
		if muster.CodeOf(err) == muster.ErrUnauthenticated {
			a.refused(r, "unsigned chat message", "chat refused", muster.DocRef(muster.KindConnectors, name))
			w.Header().Set("WWW-Authenticate", "HMAC")
		}
		return err
	}
	return in.Reply(w, a.reply(r, name, msg, body))
}

// inbound finds the connector of a document; nil when there is none that hears.
func (a *API) inbound(r *http.Request, name muster.ConnectorName) (connector.Inbound, error) {
	if a.Chat == nil || a.Inbound == nil {
		return nil, nil //nolint:nilnil // nobody hears
	}
	c, err := a.Inbound(r.Context(), name)
	if err != nil && muster.CodeOf(err) != muster.ErrNotFound {
		return nil, err
	}
	in, _ := c.(connector.Inbound)
	return in, nil
}

// reply does what the message says, once: Teams sends again what was not answered within five seconds.
func (a *API) reply(r *http.Request, name muster.ConnectorName, msg connector.ChatMessage, body []byte) string {
	ctx := r.Context()
	key, hash := "chat:"+digest(string(name), msg.Tenant, msg.Room, msg.ID), digest(string(body))
	turn := &a.turns[crc32.ChecksumIEEE([]byte(key))%uint32(len(a.turns))]
	turn.Lock() // sent again while it is still being done: the second waits for the first one's answer
	defer turn.Unlock()
	if a.Replays != nil && msg.ID != "" {
		old, err := a.Replays.Recall(ctx, key)
		var text string
		if err == nil && old != nil && old.RequestHash == hash && json.Unmarshal(old.Body, &text) == nil {
			return text
		}
	}
	rep := a.Chat.Hear(ctx, chatop.Message{
		Directory: msg.ActorID, Email: msg.Email, Name: msg.ActorName, Text: msg.Text, StatusBot: true,
	})
	if rep.Err != nil && muster.CodeOf(rep.Err) == muster.ErrInternal {
		a.Log.ErrorContext(ctx, "a chat command failed", "operation", rep.Op, "error", rep.Err)
	}
	if a.Replays != nil && msg.ID != "" && rep.Err == nil && rep.Op != "" {
		if b, err := json.Marshal(rep.Text); err == nil {
			if err := a.Replays.Keep(ctx, Replay{Key: key, RequestHash: hash, Status: http.StatusOK, Body: b}); err != nil {
				a.Log.ErrorContext(ctx, "an answer to a chat could not be remembered", "error", err)
			}
		}
	}
	return rep.Text
}
