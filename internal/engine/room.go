package engine

import (
	"encoding/json"
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
)

// room words what a room is told of an alert by an escalation step.
func (e *Engine) room(out connector.Delivery, d *muster.Delivery) (connector.Delivery, error) {
	var m command.RoomMessage
	if err := json.Unmarshal(d.Payload, &m); err != nil {
		return out, connector.Permanent(fmt.Errorf("what the room is told cannot be read: %w", err))
	}
	out.Note = &connector.Notification{Title: m.Title, Text: m.Text}
	if m.URL != "" && e.PublicURL() != "" {
		out.Note.URL = e.PublicURL() + m.URL
	}
	return out, nil
}
