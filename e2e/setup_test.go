package e2e

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/connector/email/fake"
)

// mailbox runs a mail server on this machine that wants a user name and a password.
func mailbox(t *testing.T, username, password string) (*fake.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, done := fake.New(fake.Options{Username: username, Password: password}), make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-done; err != nil {
			t.Errorf("the mail server: %v", err)
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return srv, port
}

// mailed waits for a mail whose text holds a link and returns that.
func mailed(t *testing.T, srv *fake.Server, what string, link *regexp.Regexp) (url string) {
	t.Helper()
	if !Eventually(patience, func() bool {
		for _, m := range srv.Mails() {
			if url = link.FindString(m.Text); url != "" {
				return true
			}
		}
		return false
	}) {
		t.Fatalf("no mail brings %s; it refused: %v", what, srv.Refused())
	}
	return url
}

// fill writes into a field in place of what stands there.
func (tab *Tab) fill(selector, text string) {
	tab.t.Helper()
	Eval[bool](tab, `(document.querySelector(`+quoted(selector)+`).value = "", true)`)
	tab.Type(selector, text)
}

// choose takes an entry of a select.
func (tab *Tab) choose(selector, value string) {
	tab.t.Helper()
	if Eval[string](tab, `(() => { const e = document.querySelector(`+quoted(selector)+`); e.value = `+quoted(value)+`; e.dispatchEvent(new Event("change", {bubbles: true})); return e.value })()`) != value {
		tab.t.Fatalf("%s has no entry %q", selector, value)
	}
}

// TestBrowserSetsMusterUp makes an installation out of an empty folder, as a person does: with a browser and a mailbox, and
// with nothing else. At its end somebody has acknowledged a page that came by mail.
func TestBrowserSetsMusterUp(t *testing.T) {
	mails, port := mailbox(t, "muster", "correct-horse")
	listen := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	p, stdout := StartProcess(t, nil, "serve", "--listen", listen, "--data", t.TempDir(), "--allow-private", "127.0.0.0/8", "--log-level", "warn")
	var printed lockedBuffer
	go func() { _, _ = io.Copy(&printed, stdout) }()
	if !Eventually(patience, func() bool { return setupLink.MatchString(printed.String()) || p.Gone() }) || p.Gone() {
		t.Fatalf("no setup link was printed: %s\n%s", printed.String(), p.Stderr())
	}
	b, base := NewBrowser(t), "http://"+listen
	tab, phone := b.Tab(base), b.Private(base)

	// 1: you.
	tab.Go(setupLink.FindString(printed.String()))
	tab.Sees("h1", "Set up Muster")
	tab.Inspect("the first start", looks...)
	tab.fill("#f-name", "Ana Rossi")
	tab.fill("#f-email", "ana@example.org")
	tab.fill("#f-passphrase", Passphrase)
	tab.fill("#f-zone", "Europe/Berlin")
	tab.Click("form .btn.pri")
	tab.Sees("h1", "Set up Muster")
	tab.Sees(".keep", "its key is shown only now", "curl --json", "/in/msi_")
	tab.Sees("#step-1 .is", "Done")
	tab.Sees("#step-2 .is", "Next")
	tab.Inspect("setup begins", looks...)
	tab.Go("/")
	tab.Sees(".banner", "Paging is unproven")
	tab.Inspect("Now, unproven", looks[0], looks[3])

	// 2: mail may be skipped, in words.
	tab.Click(".banner a")
	tab.Sees("#step-2", "Without mail, pages go by other ways alone", "Skip this for now")
	tab.Click(".on a")
	tab.Sees("#step-2 .is", "Skipped")
	tab.Inspect("team", looks...)

	// The server's own words stand there when it refuses.
	tab.Go("/setup/mail")
	tab.fill("#f-host", "127.0.0.1")
	tab.fill("#f-port", port)
	tab.choose("#f-tls", "none")
	tab.fill("#f-username", "muster")
	tab.fill("#f-password", "wrong-horse")
	tab.Allow("422 for POST " + base + "/setup/mail")
	tab.Click(`button[value="test"]`)
	tab.Sees(".server", "535 5.7.8 wrong user name or password")
	tab.Inspect("mail, refused", looks...)
	tab.fill("#f-password", "correct-horse")
	tab.Click(`button[value="test"]`)
	tab.Sees(".said", "It went out", "ana@example.org")
	if got := mails.Mails(); len(got) != 1 || got[0].To != "ana@example.org" || !strings.Contains(got[0].Subject, "a test of your mail server") {
		t.Fatalf("the server took %d mails, not the one test", len(got))
	}
	tab.Click(`button[value="save"]`) // the password was typed once
	tab.Until("the next step", `location.pathname === "/setup/team"`)
	tab.Sees("#step-2 .is", "Done")

	// 3: a team with all that belongs to it.
	tab.Sees("#step-3", "An alert then pages you at once")
	tab.fill("#f-team", "Web shop")
	tab.fill("#f-service", "Shopping cart")
	tab.Click("#step-3 form .btn.pri")
	tab.Until("the next step", `location.pathname === "/setup/contact"`)
	tab.Sees("#step-3", "Web shop looks after Shopping cart", "Done")
	tab.Inspect("contact", looks...)

	// 4: a contact method, verified by the link in a mail. The screen notices by itself.
	tab.Click("#step-4 form .btn.pri")
	tab.Sees("#step-4", "Waits for you")
	phone.Go(mailed(t, mails, "the test of the contact method", regexp.MustCompile(`http://\S+/c/[A-Za-z0-9_.-]+`)))
	phone.Click("form button")
	phone.Sees("main", "Verified")
	tab.Sees("#step-4", "Verified", "Done")
	tab.Click(".on a")

	// 5: the test page.
	tab.Sees("#step-5", "This pages you.")
	tab.SeesNot("#step-5", "proves nothing")
	tab.Inspect("test page", looks...)
	tab.Click("#step-5 form .btn.pri")
	tab.Sees("#step-5", "Waiting for you")
	link := mailed(t, mails, "the test page", regexp.MustCompile(`http://\S+/p/[A-Za-z0-9_.-]+`))
	tab.Until("the page to be accepted", `document.querySelectorAll(".way .yes").length === 3`)
	tab.Inspect("test page sent", looks...)
	phone.Go(link)
	phone.Sees("h1", "This is a test page: nothing is wrong")
	tab.SeesNot("h1", "Paging is proven")
	phone.Click(`.ackbtn`)
	phone.Sees("main", "You have it")
	tab.Sees("h1", "Paging is proven")
	tab.Until("every mark", `document.querySelectorAll(".way .yes").length === 5`)
	tab.Inspect("proven", looks...)
	tab.Click(`form[action$="/end"] button`)
	tab.Until("the end of the test", `!document.querySelector('form[action$="/end"]')`)
	tab.Sees("#step-5", "It works")
	tab.Go("/")
	tab.SeesNot(".banner", "unproven")
	tab.Go("/settings")
	tab.SeesNot(".banner", "unproven")

	// All of it is there without script.
	tab.Script(false)
	tab.Go("/setup/test")
	tab.Sees("h1", "Paging is proven")
	tab.Click(`form[action="/setup/test"] .btn`)
	tab.Sees("#step-5", "Waiting for you", "Look again")
	tab.Clean("setup")
	phone.Clean("the mailbox")
	p.Stop()
}
