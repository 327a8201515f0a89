package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// HashToken is what is stored of a token: SHA-256 in hexadecimal. Tokens are random and long, so a slow hash gains nothing.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// SameHash compares two hashes in constant time.
func SameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// A page token is the page's identifier (16 bytes), that of a test its notice's, the second at which it expires (4) and half an HMAC-SHA256 over both
// (16), in base64 for addresses: 48 characters, short enough for a text message.
const (
	pagePrefix = "pag_"
	testPrefix = "ntc_"
	pageID     = 16
	pageSigned = pageID + 4
	pageSize   = pageSigned + 16
)

// SignPage makes the token of a page's link. Whoever has it may see and acknowledge that one page until it expires.
func (b *Box) SignPage(id muster.PageID, expires muster.Instant) string {
	return sign(b.pages, pagePrefix, string(id), expires)
}

// VerifyPage reads a page token. A forged one gives ErrUnauthenticated and no page; an expired one gives ErrForbidden
// and the page that it was for.
func (b *Box) VerifyPage(token string) (muster.PageID, error) {
	id, expired, err := verify(b.pages, pagePrefix, token)
	if err == nil && expired != "" {
		err = muster.Errorf(muster.ErrForbidden, "This link expired on %s. Sign in to see the alert.", expired)
	}
	return muster.PageID(id), err
}

// SignTest makes the token of the link in a test of a contact method. Whoever has it got the message: they may say so
// until it expires. It opens no page, and the token of a page is no such proof: each is signed with its own key.
func (b *Box) SignTest(id muster.NoticeID, expires muster.Instant) string {
	return sign(b.tests, testPrefix, string(id), expires)
}

// VerifyTest reads the token of a test, as VerifyPage does that of a page.
func (b *Box) VerifyTest(token string) (muster.NoticeID, error) {
	id, expired, err := verify(b.tests, testPrefix, token)
	if err == nil && expired != "" {
		err = muster.Errorf(muster.ErrForbidden, "This link expired on %s. Send another test from your own page in Settings.", expired)
	}
	return muster.NoticeID(id), err
}

func sign(key []byte, prefix, id string, expires muster.Instant) string {
	var raw [pageSize]byte
	hexID, ok := strings.CutPrefix(id, prefix)
	if n, err := hex.Decode(raw[:pageID], []byte(hexID[:min(len(hexID), 2*pageID)])); !ok || err != nil || n != pageID {
		return "" // not an identifier of this kind: no token opens it
	}
	binary.BigEndian.PutUint32(raw[pageID:], uint32(min(max(expires.Unix(), 0), math.MaxUint32)))
	copy(raw[pageSigned:], mac(key, raw[:pageSigned]))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// verify gives the identifier that was signed, and when it expired if it has.
func verify(key []byte, prefix, token string) (id, expired string, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != pageSize || !hmac.Equal(raw[pageSigned:], mac(key, raw[:pageSigned])) {
		return "", "", muster.Errorf(muster.ErrUnauthenticated, "This link is not one of ours, or a part of it is missing. Open it again from the message, or sign in.")
	}
	if at := time.Unix(int64(binary.BigEndian.Uint32(raw[pageID:pageSigned])), 0); !time.Now().Before(at) {
		expired = at.UTC().Format("2 January 2006, 15:04 UTC")
	}
	return prefix + hex.EncodeToString(raw[:pageID]), expired, nil
}

func mac(key, signed []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(signed)
	return m.Sum(nil)[:pageSize-pageSigned]
}
