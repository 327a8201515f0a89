package muster

// ConnectorState is what became of reading from a connector, or of writing a table by it. What pages and notices came to is
// told by the deliveries.
type ConnectorState struct {
	TriedAt      Instant `json:"tried_at"` // zero: never
	DoneAt       Instant `json:"done_at"`  // when it last worked; zero: never
	Error        string  `json:"error,omitempty"`
	Detail       string  `json:"detail,omitempty"` // of what was done: "24 days off of 3 people"
	ETag         string  `json:"etag,omitempty"`   // version of what was read last
	LastModified string  `json:"last_modified,omitempty"`
}
