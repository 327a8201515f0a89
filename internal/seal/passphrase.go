package seal

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/muster-oncall/muster"
)

// The cost of hashing a passphrase: 19 MiB and two passes, which OWASP names as the least for argon2id. It is written
// into each hash, so that it can be raised later.
const (
	argonMemory  = 19 * 1024 // KiB
	argonPasses  = 2
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
)

// The length of a passphrase, in characters and bytes.
const (
	MinPassphrase = 12
	MaxPassphrase = 1024
)

// Passphrases hashes and verifies passphrases, few at a time: each takes 19 MiB and some ten milliseconds of a core, and
// strangers may ask for it.
type Passphrases struct{ slots chan struct{} }

// NewPassphrases allows n at once.
func NewPassphrases(n int) *Passphrases { return &Passphrases{slots: make(chan struct{}, max(n, 1))} }

// CheckPassphrase says what is wrong with a new passphrase.
func CheckPassphrase(path, phrase string) []muster.FieldError {
	switch {
	case utf8.RuneCountInString(strings.TrimSpace(phrase)) < MinPassphrase:
		return []muster.FieldError{{Path: path, Message: fmt.Sprintf("must have at least %d characters: a few words are easy to remember", MinPassphrase)}}
	case len(phrase) > MaxPassphrase:
		return []muster.FieldError{{Path: path, Message: fmt.Sprintf("must have at most %d characters", MaxPassphrase)}}
	}
	return nil
}

// Hash makes what is stored of a passphrase, in the usual notation: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (p *Passphrases) Hash(ctx context.Context, phrase string) (string, error) {
	if len(phrase) > MaxPassphrase {
		return "", muster.Errorf(muster.ErrInvalid, "A passphrase has at most %d characters.", MaxPassphrase)
	}
	if err := p.take(ctx); err != nil {
		return "", err
	}
	defer p.give()
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // crypto/rand never fails: it ends the process
	key := argon2.IDKey([]byte(phrase), salt, argonPasses, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// Verify reports whether phrase is the one that was hashed. An empty hash (no such account) takes as long as any other
// and is never right, so that time does not tell who exists.
func (p *Passphrases) Verify(ctx context.Context, phrase, hash string) (bool, error) {
	h, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	if err := p.take(ctx); err != nil {
		return false, err
	}
	defer p.give()
	if len(phrase) > MaxPassphrase {
		phrase = ""
		h.never = true
	}
	key := argon2.IDKey([]byte(phrase), h.salt, h.passes, h.memory, h.threads, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1 && !h.never, nil
}

func (p *Passphrases) take(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return muster.WrapError(muster.ErrUnavailable, ctx.Err(), "Too many people are signing in at this moment. Try again.")
	}
}

func (p *Passphrases) give() { <-p.slots }

type argonHash struct {
	salt, key      []byte
	memory, passes uint32
	threads        uint8
	never          bool
}

func parseHash(hash string) (argonHash, error) {
	if hash == "" {
		return argonHash{make([]byte, argonSalt), make([]byte, argonKey), argonMemory, argonPasses, argonThreads, true}, nil
	}
	bad := muster.Errorf(muster.ErrInternal, "The stored passphrase cannot be read. Ask an admin for a new sign-in link.")
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return argonHash{}, bad
	}
	var h argonHash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); err != nil {
		return argonHash{}, bad
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case err1 != nil, err2 != nil, len(h.salt) < 8, len(h.key) < 16, len(h.key) > 64,
		h.memory < 8, h.memory > 1<<20, h.passes < 1, h.passes > 20, h.threads < 1, h.threads > 16:
		return argonHash{}, bad
	}
	return h, nil
}
