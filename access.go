package muster

// Session is a signed-in browser. Its token is kept as a hash.
type Session struct {
	ID        SessionID `json:"id"`
	User      UserName  `json:"user"`
	CreatedAt Instant   `json:"created_at"`
	ExpiresAt Instant   `json:"expires_at"`
	Agent     string    `json:"agent"`
	Key       APIKeyID  `json:"key,omitempty"` // that it was opened with: it ends when that is revoked
}

// APIKey is a bearer token of a person or of a source. Its token is kept as a hash.
type APIKey struct {
	ID        APIKeyID   `json:"id"`
	Name      string     `json:"name"`
	User      UserName   `json:"user,omitempty"`   // acts as this person
	Source    SourceName `json:"source,omitempty"` // may only send signals of this source
	Prefix    string     `json:"prefix"`           // the first characters, to recognise it
	CreatedAt Instant    `json:"created_at"`
	CreatedBy By         `json:"created_by"`
	RevokedAt Instant    `json:"revoked_at"`
	LastUsed  Instant    `json:"last_used"`
}

// AuditEntry is a row of the security log. Hash covers the row and the hash before it, so that an edit or a gap shows.
type AuditEntry struct {
	ID     AuditID           `json:"id"`
	Seq    int64             `json:"seq"`
	At     Instant           `json:"at"`
	By     By                `json:"by"`
	Op     string            `json:"op"` // "apply", "sign-in", "sign-in refused"
	Ref    string            `json:"ref,omitempty"`
	Facts  map[string]string `json:"facts,omitempty"`
	Hash   string            `json:"hash"`
	Before string            `json:"before"`
}

// DocRevision is one revision of one document. Deleted ones have no body.
type DocRevision struct {
	Revision Revision `json:"revision"`
	Kind     Kind     `json:"kind"`
	Name     string   `json:"name"`
	Body     string   `json:"body"` // JSON; "" when the document was deleted
	By       By       `json:"by"`
	Why      string   `json:"why"`
	At       Instant  `json:"at"`
}
