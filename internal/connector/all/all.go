// Package all is the one explicit list of connectors. It imports connector and each connector, and nothing else; app alone
// imports it.
package all

import (
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/azuretable"
	"github.com/muster-oncall/muster/internal/connector/carrier"
	"github.com/muster-oncall/muster/internal/connector/demophone"
	"github.com/muster-oncall/muster/internal/connector/dir"
	"github.com/muster-oncall/muster/internal/connector/email"
	"github.com/muster-oncall/muster/internal/connector/ical"
	"github.com/muster-oncall/muster/internal/connector/ntfy"
	"github.com/muster-oncall/muster/internal/connector/pushover"
	"github.com/muster-oncall/muster/internal/connector/teams"
	"github.com/muster-oncall/muster/internal/connector/twilio"
	"github.com/muster-oncall/muster/internal/connector/webhook"
	"github.com/muster-oncall/muster/internal/connector/webpush"
)

// Registry lists every kind, in the order in which screens offer them.
func Registry() connector.Registry {
	return connector.Registry{
		email.Descriptor(), twilio.SMSDescriptor(), twilio.VoiceDescriptor(), carrier.Descriptor(), webpush.Descriptor(), pushover.Descriptor(), ntfy.Descriptor(), webhook.Descriptor(), demophone.Descriptor(), teams.Descriptor(), dir.Descriptor(),
		azuretable.Descriptor(), ical.Descriptor(),
	}
}
