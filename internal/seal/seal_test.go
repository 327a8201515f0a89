package seal_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/seal"
)

func open(t *testing.T, dir string) *seal.Box {
	t.Helper()
	b, err := seal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedOpensAtItsPlaceOnly(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	plain := []byte("+1 206 555 0142")
	sealed := b.Seal(plain, "contact/con_1")
	if bytes.Contains(sealed, plain) || bytes.Equal(sealed, b.Seal(plain, "contact/con_1")) {
		t.Error("sealing hides the text and differs each time")
	}
	got, err := open(t, dir).Unseal(sealed, "contact/con_1") // after a restart
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("%q, %v", got, err)
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, try := range map[string]struct {
		b   *seal.Box
		in  []byte
		aad string
	}{
		"moved to another row": {b, sealed, "contact/con_2"},
		"changed":              {b, flipped, "contact/con_1"},
		"cut":                  {b, sealed[:5], "contact/con_1"},
		"empty":                {b, nil, "contact/con_1"},
		"another version":      {b, append([]byte{9}, sealed[1:]...), "contact/con_1"},
		"another key":          {open(t, t.TempDir()), sealed, "contact/con_1"},
	} {
		if got, err := try.b.Unseal(try.in, try.aad); err == nil || got != nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	name := filepath.Join(dir, seal.KeyFile)
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file: %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := os.WriteFile(name, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("a broken key: %v", err)
	}
}

func TestTwoProcessesStartAtOnce(t *testing.T) {
	dir := t.TempDir()
	boxes := make([]*seal.Box, 8)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() { boxes[i], _ = seal.Open(dir) })
	}
	wg.Wait()
	for i, b := range boxes {
		if b == nil {
			t.Fatalf("process %d has no key", i)
		}
		if _, err := b.Unseal(boxes[0].Seal([]byte("x"), "a"), "a"); err != nil {
			t.Fatalf("process %d has another key", i)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestFromText(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	a, err := seal.FromText(base64.StdEncoding.EncodeToString(key) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	b, err := seal.FromText(fmt.Sprintf("%x", key))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Unseal(a.Seal([]byte("x"), "a"), "a"); err != nil {
		t.Error("base64 and hexadecimal are the same key")
	}
	for _, bad := range []string{"", "secretsecret", base64.StdEncoding.EncodeToString(key[:16])} {
		if _, err := seal.FromText(bad); err == nil || (bad != "" && strings.Contains(err.Error(), bad)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", a, a, a); strings.Contains(s, "7 7") || strings.Contains(s, "0x7") {
		t.Errorf("the key shows: %s", s)
	}
}

func TestPageToken(t *testing.T) {
	b := open(t, t.TempDir())
	id := muster.PageID("pag_019aab3c5d10f3a1b2c3d4e5f6071829")
	now := muster.At(time.Now())
	token := b.SignPage(id, now.Plus(time.Hour))
	if got, err := b.VerifyPage(token); err != nil || got != id || len(token) != 48 {
		t.Fatalf("%q (%d): %v, %v", token, len(token), got, err)
	}
	old := b.SignPage(id, now.Plus(-time.Second))
	if got, err := b.VerifyPage(old); muster.CodeOf(err) != muster.ErrForbidden || got != id || !strings.Contains(err.Error(), "expired") {
		t.Errorf("expired: %v, %v", got, err)
	}
	for i := range token {
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		forged := token[:i] + string(c) + token[i+1:]
		if got, err := b.VerifyPage(forged); muster.CodeOf(err) != muster.ErrUnauthenticated || got != "" {
			t.Fatalf("letter %d changed: %v, %v", i, got, err)
		}
	}
	for _, forged := range []string{"", "x", token + "A", token[:47], strings.ToUpper(token), open(t, t.TempDir()).SignPage(id, now.Plus(time.Hour))} {
		if _, err := b.VerifyPage(forged); muster.CodeOf(err) != muster.ErrUnauthenticated {
			t.Errorf("%q: %v", forged, err)
		}
	}
	for _, not := range []muster.PageID{"", "pag_12", "alt_019aab3c5d10f3a1b2c3d4e5f6071829", "pag_zz9aab3c5d10f3a1b2c3d4e5f6071829"} {
		if token := b.SignPage(not, now); token != "" {
			t.Errorf("%q is not a page and has the token %q", not, token)
		}
	}
}

func TestPassphrases(t *testing.T) {
	p := seal.NewPassphrases(1)
	hash, err := p.Hash(t.Context(), "correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	for phrase, want := range map[string]bool{"correct horse battery": true, "correct horse batterz": false, "": false, strings.Repeat("x", 2000): false} {
		if ok, err := p.Verify(t.Context(), phrase, hash); ok != want || err != nil {
			t.Errorf("%q: %v, %v", muster.Clip(phrase, 20), ok, err)
		}
	}
	if ok, err := p.Verify(t.Context(), "", ""); ok || err != nil {
		t.Errorf("nobody: %v, %v", ok, err)
	}
	for _, bad := range []string{"x", "$2b$10$abc", strings.Replace(hash, "m=19456", "m=99999999", 1), strings.Replace(hash, "t=2", "t=0", 1)} {
		if ok, err := p.Verify(t.Context(), "correct horse battery", bad); ok || muster.CodeOf(err) != muster.ErrInternal || strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
	if f := seal.CheckPassphrase("passphrase", "short"); len(f) != 1 {
		t.Error("a short passphrase is refused")
	}
	if f := seal.CheckPassphrase("passphrase", "correct horse battery"); len(f) != 0 {
		t.Errorf("a good passphrase: %v", f)
	}
}

func TestHashToken(t *testing.T) {
	h := seal.HashToken("abc")
	if h != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || !seal.SameHash(h, seal.HashToken("abc")) || seal.SameHash(h, seal.HashToken("abd")) {
		t.Error(h)
	}
}

// The link of a test opens no page, and that of a page proves no contact method, though they are made alike.
func TestTokensOfTestsAndPagesAreApart(t *testing.T) {
	b := open(t, t.TempDir())
	const hexID = "019aab3c5d10f3a1b2c3d4e5f6071829"
	soon, past := muster.At(time.Now()).Plus(time.Hour), muster.At(time.Now()).Plus(-time.Second)
	test, page := b.SignTest("ntc_"+hexID, soon), b.SignPage("pag_"+hexID, soon)
	if got, err := b.VerifyTest(test); err != nil || got != "ntc_"+hexID || len(test) != 48 {
		t.Fatalf("%q: %v, %v", test, got, err)
	}
	if got, err := b.VerifyTest(page); muster.CodeOf(err) != muster.ErrUnauthenticated || got != "" {
		t.Errorf("a page's token as a test's: %v, %v", got, err)
	}
	if got, err := b.VerifyPage(test); muster.CodeOf(err) != muster.ErrUnauthenticated || got != "" {
		t.Errorf("a test's token as a page's: %v, %v", got, err)
	}
	if got, err := b.VerifyTest(b.SignTest("ntc_"+hexID, past)); muster.CodeOf(err) != muster.ErrForbidden || got != "ntc_"+hexID {
		t.Errorf("expired: %v, %v", got, err)
	}
	if token := b.SignTest("con_"+hexID, soon); token != "" {
		t.Errorf("something else is signed as a test: %q", token)
	}
}

// What a provider is given opens no page, and the other way round; codes and derived keys stay the same over restarts.
func second[T any](_ T, err error) error { return err }

func TestAnswersAndDerivedKeys(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	const page = muster.PageID("pag_019aab3c5d10f3a1b2c3d4e5f6071829")
	soon := muster.At(time.Now()).Plus(time.Hour)
	if got, err := b.VerifyAnswer(b.SignAnswer(page, soon)); err != nil || got != page {
		t.Fatalf("%v, %v", got, err)
	}
	if got, err := b.VerifyAnswer(b.SignPage(page, soon)); muster.CodeOf(err) != muster.ErrUnauthenticated || got != "" {
		t.Errorf("a page's link as its answer: %v, %v", got, err)
	}
	if got, err := b.VerifyPage(b.SignAnswer(page, soon)); muster.CodeOf(err) != muster.ErrUnauthenticated || got != "" {
		t.Errorf("an answer's token as a page's link: %v, %v", got, err)
	}
	if _, err := b.VerifyAnswer(b.SignAnswer(page, soon.Plus(-2*time.Hour))); muster.CodeOf(err) != muster.ErrForbidden {
		t.Errorf("expired: %v", err)
	}
	const test = muster.NoticeID("ntc_019aab3c5d10f3a1b2c3d4e5f6071829")
	if got, err := b.VerifyTestAnswer(b.SignTestAnswer(test, soon)); err != nil || got != test {
		t.Errorf("%v, %v", got, err)
	}
	for what, err := range map[string]error{
		"the link of a test as its answer": second(b.VerifyTestAnswer(b.SignTest(test, soon))),
		"the answer to a test as its link": second(b.VerifyTest(b.SignTestAnswer(test, soon))),
		"the answer to a page as a test's": second(b.VerifyTestAnswer(b.SignAnswer(page, soon))),
		"the answer to a test as a page's": second(b.VerifyAnswer(b.SignTestAnswer(test, soon))),
	} {
		if muster.CodeOf(err) != muster.ErrUnauthenticated {
			t.Errorf("%s: %v", what, err)
		}
	}
	again := open(t, dir)
	if c := b.ReplyCode(page); len(c) != 5 || c != again.ReplyCode(page) || c == b.ReplyCode(page+"0") {
		t.Errorf("the code is %q", c)
	}
	if k := b.Derive("push"); len(k) != 32 || !bytes.Equal(k, again.Derive("push")) || bytes.Equal(k, b.Derive("pull")) {
		t.Error("derived keys are the same for the same purpose alone")
	}
}
