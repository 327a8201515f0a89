package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/muster-oncall/muster"
)

// Digest is the hash of a row by itself.
func Digest(row *muster.LedgerRow) [sha256.Size]byte {
	b := make([]byte, 0, len(row.ID)+24+len(row.Body))
	b = append(append(b, row.ID...), '\n')
	b = append(strconv.AppendInt(b, row.At.Micros(), 10), '\n')
	return sha256.Sum256(append(b, row.Body...))
}

// Hash is the hash of a row in its place: over the hash before it, its position and its digest.
func Hash(before string, position int64, digest [sha256.Size]byte) string {
	b := make([]byte, 0, 200)
	b = append(append(b, before...), '\n')
	b = append(strconv.AppendInt(b, position, 10), '\n')
	sum := sha256.Sum256(hex.AppendEncode(b, digest[:]))
	return hex.EncodeToString(sum[:])
}

// AuditHash is the hash of a row of the security log and of the one before it: SHA-256 over the row's JSON without its own
// hash.
func AuditHash(e muster.AuditEntry) (string, error) {
	e.Hash = ""
	b, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("ledger: hash an audit entry: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// signed is what a checkpoint signs: lines that anybody can write with other tools.
func signed(c *muster.Checkpoint) []byte {
	return fmt.Appendf(nil, "muster checkpoint 1\nposition %d\nhash %s\nat %d\naudit %d\naudit hash %s\n", c.Position, c.Hash, c.At.Micros(), c.AuditSeq, c.AuditHash)
}

// PublicKey is the key by which checkpoints are verified, as it is shown.
func PublicKey(key ed25519.PrivateKey) string {
	pub, _ := key.Public().(ed25519.PublicKey) // it is one
	return base64.StdEncoding.EncodeToString(pub)
}

// Sign signs a checkpoint.
func Sign(key ed25519.PrivateKey, c *muster.Checkpoint) {
	c.Key = PublicKey(key)
	c.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, signed(c)))
}

// Signed reports whether a checkpoint is signed by the public key.
func Signed(key string, c *muster.Checkpoint) bool {
	pub, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(pub) != ed25519.PublicKeySize {
		return false
	}
	sig, err := base64.StdEncoding.DecodeString(c.Signature)
	return err == nil && ed25519.Verify(pub, signed(c), sig)
}
