package twilio

import (
	"errors"
	"fmt"

	"github.com/muster-oncall/muster/internal/connector"
)

// sentences say what Twilio's error codes mean and what to do, for those that installations meet. Whether trying again
// helps is decided by the HTTP status, as Twilio advises, except for the codes in again.
var sentences = map[int]string{
	10001: "the account is not active: look into Twilio's console",
	10002: "a trial account may not do this: upgrade it",
	10004: "too many calls at once for this account",
	14107: "too many messages to one number at once",
	20003: "Twilio does not know this account SID and auth token: copy both again from the console, and store the token",
	20404: "Twilio does not find this account: check the account SID",
	20429: "too many requests at once for this account",
	21205: "Twilio cannot call back at the public address of this installation: it must be an https:// address on the internet",
	21210: "the sender is neither a number of this account nor a verified one",
	21211: "this is not a number that exists: correct the contact method",
	21212: "the sender is not a number that Twilio knows",
	21214: "this number cannot be called: correct the contact method",
	21215: "calls to this country are switched off: allow it in the console under Voice, Geo permissions",
	21216: "Twilio does not call this number: use another contact method",
	21217: "this is not a number that can be called: correct the contact method",
	21219: "a trial account calls verified numbers only: verify this one in the console, or upgrade",
	21408: "text messages to this country are switched off: allow it in the console under Messaging, Geo permissions",
	21606: "the sender cannot send text messages to this number: use another sender",
	21608: "a trial account texts verified numbers only: verify this one in the console, or upgrade",
	21609: "Twilio cannot call back at the public address of this installation: it must be an https:// address on the internet",
	21610: "this person opted out by texting STOP: they must text START to the sender's number, or use another contact method",
	21611: "the sender's queue at Twilio is full",
	21612: "Twilio has no way from the sender to this number: use another sender",
	21614: "this is not a mobile number: use a phone call for it",
	21617: "the text is too long",
	30001: "the sender's queue at Twilio is full",
	30002: "the account is suspended: look into Twilio's console",
	30003: "the phone cannot be reached: it is off, or has no network",
	30004: "the phone or its network blocks messages from the sender",
	30005: "the number is not known to its network any more: correct the contact method",
	30006: "this is a landline, or its network cannot be reached: use a phone call for it",
	30007: "a network filtered the message as unwanted: register the sender with Twilio",
	30008: "the network gave no reason",
	30010: "the message costs more than the account allows",
	30032: "the toll-free sender is not verified: verify it in the console",
	30034: "the sender is not registered for texting to the United States (A2P 10DLC): register it in the console",
	30036: "it waited too long at Twilio and was not sent",
	30410: "the network did not answer in time",
}

// again are codes that come with a status that says otherwise: waiting helps.
var again = map[int]bool{10004: true, 14107: true, 20429: true, 21611: true, 30001: true}

// Explain is a sentence about an error code of Twilio, with the code.
func Explain(code int) string {
	if s := sentences[code]; s != "" {
		return fmt.Sprintf("%s (Twilio error %d)", s, code)
	}
	return fmt.Sprintf("Twilio error %d: https://www.twilio.com/docs/api/errors/%d says more", code, code)
}

// refine puts the meaning of Twilio's code into the error of an HTTP status.
func refine(err error, code int) error {
	if code <= 0 {
		return err
	}
	why := errors.New(Explain(code))
	if connector.IsPermanent(err) && !again[code] {
		return connector.Permanent(why)
	}
	return connector.Temporary(why, connector.RetryAfter(err))
}
