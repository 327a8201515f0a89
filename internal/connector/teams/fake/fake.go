// Package fake speaks as Microsoft Teams does to an outgoing webhook: it signs an activity, posts it, and reads the
// answer as strictly as Teams. Tests and the verbs of `muster fake` use it. It imports the standard library only and shares
// no code with the connector.
package fake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// Message is what somebody writes in a channel.
type Message struct {
	Mention  string // the webhook's name in Teams: "StatusPage"
	Text     string // what follows the mention
	Name     string
	ObjectID string // aadObjectId, "" for none
	ID       string // "" for the time
	At       time.Time
}

// Body is the activity as Teams sends it.
func (m Message) Body() []byte {
	id := m.ID
	if id == "" {
		id = fmt.Sprint(m.At.UnixMilli())
	}
	from := map[string]any{"id": "29:1-" + m.Name, "name": m.Name}
	if m.ObjectID != "" {
		from["aadObjectId"] = m.ObjectID
	}
	body, err := json.Marshal(map[string]any{
		"type": "message", "id": id, "timestamp": m.At.UTC().Format(time.RFC3339Nano), "localTimestamp": m.At.Format(time.RFC3339Nano),
		"serviceUrl": "https://smba.trafficmanager.net/amer/", "channelId": "msteams", "from": from,
		"conversation": map[string]any{
			"isGroup": true, "conversationType": "channel", "id": "19:253b1f341670408fb6fe51050b6e5ceb@thread.skype;messageid=" + id, "name": nil,
		},
		"recipient": nil, "textFormat": "plain", "attachmentLayout": nil, "membersAdded": []any{}, "membersRemoved": []any{},
		"locale": nil, "text": "<at>" + m.Mention + "</at>&nbsp;" + m.Text + "\n",
		"attachments": []any{map[string]any{"contentType": "text/html", "content": "<div><div><span itemscope=\"\">" + m.Mention + "</span> " + m.Text + "</div></div>"}},
		"entities":    []any{map[string]any{"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web"}},
		"channelData": map[string]any{
			"teamsChannelId": "19:253b1f341670408fb6fe51050b6e5ceb@thread.skype", "teamsTeamId": "19:712c61d0ef384e5fa681ba90ca943398@thread.skype",
			"channel": map[string]any{"id": "19:253b1f341670408fb6fe51050b6e5ceb@thread.skype"},
			"team":    map[string]any{"id": "19:712c61d0ef384e5fa681ba90ca943398@thread.skype"},
			"tenant":  map[string]any{"id": "72f988bf-86f1-41af-91ab-2d7cd011db47"},
		},
	})
	if err != nil {
		panic(err) // strings and times can be written as JSON
	}
	return body
}

// Sign is the value of the Authorization header for a body. secret is the security token in base64.
func Sign(secret string, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		return "", errors.New("the security token is not base64")
	}
	m := hmac.New(sha256.New, key)
	m.Write(body)
	return "HMAC " + base64.StdEncoding.EncodeToString(m.Sum(nil)), nil
}

// Post sends a message to a webhook's address and returns the text of the answer. Like Teams it waits five seconds, and
// takes only a 200 with JSON of type "message" that has a text or attachments.
func Post(ctx context.Context, client *http.Client, url, secret string, m Message) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	body := m.Body()
	sig, err := Sign(secret, body)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Authorization", sig)
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return "", err
	}
	return Read(resp.StatusCode, resp.Header.Get("Content-Type"), answer)
}

// Read checks an answer as Teams does, and returns its text.
func Read(status int, contentType string, answer []byte) (string, error) {
	if status != http.StatusOK {
		return "", fmt.Errorf("teams shows \"Unable to reach app\": the webhook answered %d", status)
	}
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/json" {
		return "", fmt.Errorf("teams shows nothing: the answer is %q, not JSON", contentType)
	}
	var reply struct {
		Type        string            `json:"type"`
		Text        string            `json:"text"`
		Attachments []json.RawMessage `json:"attachments"`
	}
	switch err := json.Unmarshal(answer, &reply); {
	case err != nil:
		return "", fmt.Errorf("teams shows nothing: the answer is not JSON: %w", err)
	case reply.Type != "message" || (reply.Text == "" && len(reply.Attachments) == 0):
		return "", errors.New("teams shows nothing: the answer is not a message with a text")
	case len(answer) > 28<<10:
		return "", errors.New("teams refuses the answer: it is larger than 28 KB")
	}
	return reply.Text, nil
}
