package muster

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
