package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	email "github.com/muster-oncall/muster/internal/connector/email/fake"
	twilio "github.com/muster-oncall/muster/internal/connector/twilio/fake"
	webpush "github.com/muster-oncall/muster/internal/connector/webpush/fake"
)

const (
	twilioHost    = "api.twilio.com"
	twilioAccount = "AC00000000000000000000000000000001"
	twilioToken   = "the-auth-token-of-the-fake-1234"
	twilioNumber  = "+15005550006"
	pushHost      = "push.example.org"
)

// Providers are Twilio, a push service and a mail server on this machine, as strict as the real ones. The binary calls the
// first two by their own names and asks for their certificates: --via leads here, and SSL_CERT_FILE says whom to trust.
type Providers struct {
	Twilio   *twilio.Server
	Push     *webpush.Service
	Mail     *email.Server
	MailPort int
	Args     []string // for the binary
	Env      []string
}

// NewProviders starts them. The test's end stops them.
func NewProviders(t testing.TB) *Providers {
	t.Helper()
	p := &Providers{
		Twilio: twilio.New(twilio.Options{AccountSID: twilioAccount, AuthToken: twilioToken, Numbers: []string{twilioNumber}, Client: &http.Client{Timeout: 15 * time.Second}}),
		Push:   webpush.New("https://" + pushHost),
		Mail:   email.New(email.Options{}),
	}
	cert, trust := certificate(t, twilioHost, pushHost)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Host {
		case twilioHost:
			p.Twilio.ServeHTTP(w, r)
		case pushHost:
			p.Push.ServeHTTP(w, r)
		default:
			http.Error(w, "nobody of that name lives here", http.StatusMisdirectedRequest)
		}
	}))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	at := srv.Listener.Addr().String()
	p.Args = []string{"--via", twilioHost + "=" + at + "," + pushHost + "=" + at}
	p.Env = []string{"SSL_CERT_FILE=" + trust}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.MailPort = l.Addr().(*net.TCPAddr).Port
	ended := make(chan error, 1)
	go func() { ended <- p.Mail.Serve(l) }()
	t.Cleanup(func() {
		_ = p.Mail.Close()
		if err := <-ended; err != nil {
			t.Errorf("the mail server: %v", err)
		}
	})
	return p
}

// certificate makes a certificate for names, and a file with what has to be trusted for it.
func certificate(t testing.TB, names ...string) (cert tls.Certificate, trust string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Muster's tests"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	trust = filepath.Join(t.TempDir(), "trust.pem")
	if err := os.WriteFile(trust, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, trust
}
