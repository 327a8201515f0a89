package muster

// Tried is what a test of a connector, or of a contact method, came to. It is kept until the next one.
type Tried struct {
	At     Instant       `json:"at"`
	By     ConnectorName `json:"by"`
	OK     bool          `json:"ok"`              // the provider took it; that is no proof that it reached somebody
	Again  bool          `json:"again,omitempty"` // another attempt follows
	Detail string        `json:"detail,omitempty"`
}

// TriedKey is the installation's value that holds [Tried] as JSON: of a connector's name or a contact method's ID.
func TriedKey[T ConnectorName | ContactID](of T) string { return "tried/" + string(of) }

// Contact is a contact method: an address of a person, sealed. Address is empty on values that leave the store for screens.
type Contact struct {
	ID         ContactID     `json:"id"`
	User       UserName      `json:"user"`
	Method     string        `json:"method"` // its name: "phone", "mail"
	Connector  ConnectorName `json:"connector"`
	Hint       string        `json:"hint"` // enough to recognise it: "+1 ··· 0142", "a…@tailwind.example"
	Sealed     []byte        `json:"-"`
	VerifiedAt Instant       `json:"verified_at"` // zero: not verified, never used for pages
	LastProved Instant       `json:"last_proved"`
	TestedAt   Instant       `json:"tested_at,omitzero"` // when the last weekly test page went to it
	CreatedAt  Instant       `json:"created_at"`
	WrongCodes int           `json:"wrong_codes,omitempty"` // reply codes from this address that were none, since WrongSince
	WrongSince Instant       `json:"wrong_since,omitzero"`
}
