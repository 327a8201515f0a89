// Package seal keeps secrets: it encrypts what the store holds of them (AES-256-GCM), hashes tokens, signs the links in
// pages, and hashes passphrases (argon2id).
//
// It imports the standard library, golang.org/x/crypto and the root package only. One key seals everything; whoever has
// the key and the database can read every secret, so the key file belongs into another backup than the database.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-oncall/muster"
)

// KeyFile is the name of the key's file in the data directory.
const KeyFile = "seal.key"

const keySize = 32

// version is the first byte of everything sealed, so that another way of sealing can come later.
const version = 1

// Box seals and opens secrets. It is safe for concurrent use.
type Box struct {
	aead        cipher.AEAD
	pages       []byte // key for the links in pages
	tests       []byte // key for the links in tests of contact methods
	answers     []byte // key for the addresses at which providers answer
	testAnswers []byte // key for the addresses at which providers answer about tests of contact methods
	codes       []byte // key for the codes by which pages are answered in text
	derived     []byte // key for the keys of other parts
}

// Open takes the key from its file in dir and makes one at the first start. A file that others may read is refused.
func Open(dir string) (*Box, error) {
	name := filepath.Join(dir, KeyFile)
	key, err := readKey(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(name); err != nil {
			return nil, err
		}
		key, err = readKey(name)
	}
	if err != nil {
		return nil, err
	}
	return newBox(key)
}

// FromText takes a key that was handed in, by the environment for example: 32 bytes in base64 or hexadecimal.
func FromText(text string) (*Box, error) {
	key, err := decodeKey(text)
	if err != nil {
		return nil, err
	}
	return newBox(key)
}

func decodeKey(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if b, err := hex.DecodeString(text); err == nil && len(b) == keySize {
		return b, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(text); err == nil && len(b) == keySize {
			return b, nil
		}
	}
	return nil, errors.New("the sealing key is not 32 bytes in base64 or hexadecimal: make one with `openssl rand -base64 32`")
}

func readKey(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("the sealing key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the sealing key %s can be read by others (mode %04o): run `chmod 600 %s`", name, mode, name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("the sealing key: %w", err)
	}
	key, err := decodeKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

// makeKey writes a new key beside its place and links it in, so that of two processes that start at once one wins and
// the other finds a whole file.
func makeKey(name string) error {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // crypto/rand never fails: it ends the process
	f, err := os.CreateTemp(filepath.Dir(name), KeyFile+".*")
	if err != nil {
		return fmt.Errorf("the sealing key cannot be made: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Link(f.Name(), name)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("the sealing key cannot be made: %w", err)
	}
	if d, derr := os.Open(filepath.Dir(name)); derr == nil {
		_ = d.Sync() // some file systems cannot; the file itself is safe
		d.Close()
	}
	return nil
}

func newBox(key []byte) (*Box, error) {
	derive := func(purpose string) ([]byte, error) {
		return hkdf.Key(sha256.New, key, nil, "muster "+purpose, keySize)
	}
	keys := map[string][]byte{"seal": nil, "page links": nil, "contact links": nil, "answers": nil, "contact answers": nil, "reply codes": nil, "derived": nil}
	for purpose := range keys {
		k, err := derive(purpose)
		if err != nil {
			return nil, fmt.Errorf("the sealing key: %w", err)
		}
		keys[purpose] = k
	}
	block, err := aes.NewCipher(keys["seal"])
	if err != nil {
		return nil, fmt.Errorf("the sealing key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("the sealing key: %w", err)
	}
	return &Box{
		aead: aead, pages: keys["page links"], tests: keys["contact links"], answers: keys["answers"], testAnswers: keys["contact answers"], codes: keys["reply codes"], derived: keys["derived"],
	}, nil
}

// Seal encrypts plain for one place, named by aad as table and row: "contact/con_019a…". It opens at that place only, so
// that nobody can move a sealed secret to another row.
func (b *Box) Seal(plain []byte, aad string) []byte {
	return b.aead.Seal([]byte{version}, nil, plain, []byte(aad))
}

// Unseal is the reverse of [Box.Seal]. It fails when the bytes were changed or moved, or were sealed with another key.
func (b *Box) Unseal(sealed []byte, aad string) ([]byte, error) {
	if len(sealed) > 0 && sealed[0] == version {
		if plain, err := b.aead.Open(nil, nil, sealed[1:], []byte(aad)); err == nil {
			return plain, nil
		}
	}
	return nil, muster.Errorf(muster.ErrInternal, "The secret at %s cannot be opened: the sealing key is not the one it was sealed with, or the stored bytes were changed.", muster.Clip(aad, 80))
}

// String hides the keys.
func (b *Box) String() string { return "seal.Box" }

// GoString hides the keys.
func (b *Box) GoString() string { return "seal.Box" }
