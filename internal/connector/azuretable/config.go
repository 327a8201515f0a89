package azuretable

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

func validate(s map[string]string) (f []muster.FieldError) {
	wrong := func(name, message string) {
		f = append(f, muster.FieldError{Path: "settings." + name, Message: message})
	}
	if u := s["url"]; u != "" {
		p, err := url.Parse(u)
		switch {
		case err != nil || muster.SafeURL(u) == "":
			wrong("url", "is not an address: it must begin with https:// and hold no password")
		case p.RawQuery != "" || p.Fragment != "":
			wrong("url", "must end before the question mark: what follows is a secret, store it and name it under secrets.sas")
		case s["account"] == "" && accountOf(u) == "":
			f = append(f, muster.FieldError{Path: "settings.account", Message: "is missing: the address does not begin with the storage account's name"})
		}
	}
	if t := s["table"]; t != "" && !isTableName(t) {
		wrong("table", "is not the name of a table: 3 to 63 letters and digits, a letter first")
	}
	if v := s["form"]; v != "" && v != formOriginal && v != formExtended {
		wrong("form", "must be original or extended")
	}
	if a := s["account"]; a != "" && !isAccount(a) {
		wrong("account", "is not the name of a storage account: 3 to 24 small letters and digits")
	}
	return f
}

func oneSecret(_, secrets map[string]string) []muster.FieldError {
	switch key, sas := secrets["key"] != "", secrets["sas"] != ""; {
	case key && sas:
		return []muster.FieldError{{Path: "secrets.sas", Message: "is one too many: give either key or sas"}}
	case !key && !sas:
		return []muster.FieldError{{Path: "secrets.key", Message: "is missing: give the account's key, or a shared access signature as sas"}}
	}
	return nil
}

func isTableName(s string) bool {
	return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{2,62}$`).MatchString(s)
}

func isAccount(s string) bool { return regexp.MustCompile(`^[a-z0-9]{3,24}$`).MatchString(s) }

// accountOf reads the account from an address: the first part of the host's name, or the path where the host is an
// emulator's.
func accountOf(address string) string {
	p, err := url.Parse(address)
	if err != nil {
		return ""
	}
	account := strings.Trim(p.Path, "/")
	if name, rest, ok := strings.Cut(p.Hostname(), "."); ok && account == "" && strings.HasPrefix(rest, "table.") {
		account = strings.TrimSuffix(name, "-secondary")
	}
	if !isAccount(account) {
		return ""
	}
	return account
}

// serviceClient makes aztables' client. Its errors do not show the secret.
func serviceClient(c connector.Config, client *http.Client) (*aztables.ServiceClient, error) {
	refused := func(secret, message string) error {
		return muster.Invalid(fmt.Sprintf("The connector %q cannot be used", c.Name), []muster.FieldError{{Path: "secrets." + secret, Message: message}})
	}
	address, account := c.Settings["url"], c.Settings["account"]
	if account == "" {
		account = accountOf(address)
	}
	if c.BaseURL != "" {
		address = c.BaseURL
	}
	address = strings.TrimSuffix(address, "/")
	options := &aztables.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: transport{client},
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{Disabled: true},
		// What it would log is told as an error. Its log is the process's anyway and has no listener.
		Logging: policy.LogOptions{IncludeBody: false},
	}}
	if sas := strings.TrimPrefix(strings.TrimSpace(c.Secrets["sas"]), "?"); sas != "" {
		q, err := url.ParseQuery(sas)
		if err != nil || q.Get("sig") == "" || q.Get("sv") == "" {
			return nil, refused("sas", "is not a shared access signature: it must have sv= and sig=")
		}
		service, err := aztables.NewServiceClientWithNoCredential(address+"/?"+q.Encode(), options)
		if err != nil {
			return nil, refused("sas", "cannot be used with this address")
		}
		return service, nil
	}
	key := strings.TrimSpace(c.Secrets["key"])
	if strings.Contains(key, ";") { // a connection string; its endpoint is not believed: the address in the document is what people saw
		parts := connectionString(key)
		if key = parts["AccountKey"]; parts["AccountName"] != "" && parts["AccountName"] != account {
			return nil, refused("key", "is a connection string of another storage account than the address says")
		}
	}
	if b, err := base64.StdEncoding.DecodeString(key); err != nil || len(b) < 16 {
		return nil, refused("key", "is not the key of a storage account: it must be base64, or the whole connection string")
	}
	cred, err := aztables.NewSharedKeyCredential(account, key)
	if err != nil {
		return nil, refused("key", "is not the key of a storage account")
	}
	service, err := aztables.NewServiceClientWithSharedKey(address, cred, options)
	if err != nil {
		return nil, refused("key", "cannot be used with this address")
	}
	return service, nil
}

// connectionString reads NAME=VALUE;NAME=VALUE.
func connectionString(s string) map[string]string {
	parts := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			parts[name] = value
		}
	}
	return parts
}
