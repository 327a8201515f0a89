package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/muster-oncall/muster"
)

// SignAnswer makes the token of the address at which a provider answers about one page. It opens no screen, and the token
// of a page's link is no such token: whoever sees one of them cannot make the other.
func (b *Box) SignAnswer(id muster.PageID, expires muster.Instant) string {
	return sign(b.answers, pagePrefix, string(id), expires)
}

// VerifyAnswer reads the token of a page's answers, as VerifyPage does that of its link.
func (b *Box) VerifyAnswer(token string) (muster.PageID, error) {
	id, expired, err := verify(b.answers, pagePrefix, token)
	if err == nil && expired != "" {
		err = muster.Errorf(muster.ErrForbidden, "Answers about this page were taken until %s.", expired)
	}
	return muster.PageID(id), err
}

// SignTestAnswer makes the token of the address at which a provider tells what somebody answered to the test of a contact
// method. It is none of the other tokens.
func (b *Box) SignTestAnswer(id muster.NoticeID, expires muster.Instant) string {
	return sign(b.testAnswers, testPrefix, string(id), expires)
}

// VerifyTestAnswer reads the token of a test's answers.
func (b *Box) VerifyTestAnswer(token string) (muster.NoticeID, error) {
	id, expired, err := verify(b.testAnswers, testPrefix, token)
	if err == nil && expired != "" {
		err = muster.Errorf(muster.ErrForbidden, "Answers to this test were taken until %s.", expired)
	}
	return muster.NoticeID(id), err
}

// replyCodes is how many reply codes there are: five digits.
const replyCodes = 100_000

// ReplyCode is the five digits by which a page is answered in text. They are made from the page's identifier, so nothing is
// stored. They are few: who takes them must ask for the sender too, and bound the tries.
func (b *Box) ReplyCode(id muster.PageID) string {
	m := hmac.New(sha256.New, b.codes)
	m.Write([]byte(id))
	return fmt.Sprintf("%05d", binary.BigEndian.Uint64(m.Sum(nil))%replyCodes)
}

// Derive gives 32 bytes that this key always gives for the same purpose, and that tell nothing about the key: for keys
// that nobody has to store.
func (b *Box) Derive(purpose string) []byte {
	key, err := hkdf.Expand(sha256.New, b.derived, "muster derived "+purpose, keySize)
	if err != nil {
		panic("seal: " + err.Error()) // only for more bytes than the hash can give
	}
	return key
}
