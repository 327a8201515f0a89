package fake_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/connector/azuretable/fake"
)

var key = []byte("the key of the fake's own tests!")

func start(t *testing.T) (*fake.Service, string) {
	t.Helper()
	s, err := fake.New("tailwind", base64.StdEncoding.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	s.CreateTable("oncall")
	if err := s.Put("oncall", `{"PartitionKey":"1","RowKey":"1","email":"ana@b","oncall":true,"n":3,"at":"2026-11-27T09:00:00Z","at@odata.type":"Edm.DateTime"}`); err != nil {
		t.Fatal(err)
	}
	if err := s.Put("oncall", `{"PartitionKey":"1","RowKey":"2","email":"o'hara@b","oncall":false,"n":5}`); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL + "/tailwind/"
}

// ask sends a request that is signed by the rules of SharedKey, and changed after that.
func ask(t *testing.T, method, target, body string, change func(r *http.Request)) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json;odata=minimalmetadata")
	r.Header.Set("X-Ms-Version", "2019-02-02")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	sign(r, time.Now())
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(out)
}

func sign(r *http.Request, at time.Time) {
	date := at.UTC().Format(http.TimeFormat)
	r.Header.Set("X-Ms-Date", date)
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s\n\n%s\n%s\n/tailwind%s", r.Method, r.Header.Get("Content-Type"), date, r.URL.EscapedPath())
	r.Header.Set("Authorization", "SharedKey tailwind:"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

func TestRefuses(t *testing.T) {
	one := "oncall(PartitionKey='1',RowKey='1')"
	long := strings.Repeat("x", 33<<10)
	for name, c := range map[string]struct {
		method, path, body string
		change             func(r *http.Request)
		status             int
		code               string
	}{
		"not signed":        {"GET", "oncall()", "", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "NoAuthenticationInformation"},
		"signed for other":  {"GET", "oncall()", "", func(r *http.Request) { r.URL.Path = "/tailwind/other()" }, 403, "AuthenticationFailed"},
		"old":               {"GET", "oncall()", "", func(r *http.Request) { sign(r, time.Now().Add(-16*time.Minute)) }, 403, "AuthenticationFailed"},
		"type changed":      {"POST", "oncall", "{}", func(r *http.Request) { r.Header.Set("Content-Type", "application/json;x") }, 403, "AuthenticationFailed"},
		"Atom":              {"GET", "oncall()", "", func(r *http.Request) { r.Header.Set("Accept", "application/atom+xml") }, 415, "AtomFormatNotSupported"},
		"no table":          {"GET", "nothere()", "", nil, 404, "TableNotFound"},
		"no entity":         {"GET", "oncall(PartitionKey='1',RowKey='9')", "", nil, 404, "ResourceNotFound"},
		"filter":            {"GET", "oncall()?$filter=" + url.QueryEscape("oncall is true"), "", nil, 400, "InvalidInput"},
		"top":               {"GET", "oncall()?$top=1001", "", nil, 400, "InvalidInput"},
		"no keys":           {"POST", "oncall", `{"email":"x"}`, nil, 400, "PropertiesNeedValue"},
		"there already":     {"POST", "oncall", `{"PartitionKey":"1","RowKey":"1"}`, nil, 409, "EntityAlreadyExists"},
		"key with a slash":  {"POST", "oncall", `{"PartitionKey":"1","RowKey":"a/b"}`, nil, 400, "OutOfRangeInput"},
		"long key":          {"POST", "oncall", `{"PartitionKey":"1","RowKey":"` + strings.Repeat("x", 513) + `"}`, nil, 400, "KeyValueTooLarge"},
		"long text":         {"POST", "oncall", `{"PartitionKey":"1","RowKey":"5","a":"` + long + `"}`, nil, 400, "PropertyValueTooLarge"},
		"name of property":  {"POST", "oncall", `{"PartitionKey":"1","RowKey":"5","on-call":true}`, nil, 400, "PropertyNameInvalid"},
		"object":            {"POST", "oncall", `{"PartitionKey":"1","RowKey":"5","a":{}}`, nil, 400, "InvalidInput"},
		"no date":           {"POST", "oncall", `{"PartitionKey":"1","RowKey":"5","a":"friday","a@odata.type":"Edm.DateTime"}`, nil, 400, "InvalidInput"},
		"year 1500":         {"POST", "oncall", `{"PartitionKey":"1","RowKey":"5","a":"1500-01-01T00:00:00Z","a@odata.type":"Edm.DateTime"}`, nil, 400, "OutOfRangeInput"},
		"unknown type":      {"POST", "oncall", `{"PartitionKey":"1","RowKey":"5","a":"x","a@odata.type":"Edm.Decimal"}`, nil, 400, "InvalidInput"},
		"large number":      {"POST", "oncall", `{"PartitionKey":"1","RowKey":"5","a":3000000000}`, nil, 400, "InvalidInput"},
		"delete, no match":  {"DELETE", one, "", nil, 400, "MissingRequiredHeader"},
		"old version":       {"PUT", one, "{}", func(r *http.Request) { r.Header.Set("If-Match", `W/"old"`) }, 412, "UpdateConditionNotSatisfied"},
		"update of nothing": {"PATCH", "oncall(PartitionKey='1',RowKey='9')", "{}", func(r *http.Request) { r.Header.Set("If-Match", "*") }, 404, "ResourceNotFound"},
		"other keys":        {"PUT", one, `{"PartitionKey":"2","RowKey":"1"}`, nil, 400, "InvalidInput"},
		"other method":      {"PUT", "oncall", `{}`, nil, 405, "UnsupportedHttpVerb"},
		"table again":       {"POST", "Tables", `{"TableName":"OnCall"}`, nil, 409, "TableAlreadyExists"},
		"bad table":         {"POST", "Tables", `{"TableName":"on-call"}`, nil, 400, "InvalidResourceName"},
		"batch of nothing":  {"POST", "$batch", "x", nil, 400, "InvalidInput"},
	} {
		s, base := start(t)
		before := s.Rows("oncall")
		status, text := ask(t, c.method, base+c.path, c.body, c.change)
		if refused := s.Refused(); status != c.status || !strings.Contains(text, `"code":"`+c.code+`"`) || len(refused) != 1 || refused[0] != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, status, text, c.status, c.code)
		}
		if after := s.Rows("oncall"); strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Errorf("%s: the table changed", name)
		}
	}
}

// post sends operations as one transaction, as its documentation shows it.
func post(t *testing.T, base string, operations ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("--batch_1\r\nContent-Type: multipart/mixed; boundary=changeset_1\r\n\r\n")
	for _, o := range operations {
		head, body, _ := strings.Cut(o, "\n")
		method, rest, _ := strings.Cut(head, " ")
		b.WriteString("--changeset_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
			method + " " + base + rest + " HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json;odata=minimalmetadata\r\nIf-Match: *\r\n\r\n" + body + "\r\n")
	}
	b.WriteString("--changeset_1--\r\n--batch_1--\r\n")
	status, text := ask(t, "POST", base+"$batch", b.String(), func(r *http.Request) {
		r.Header.Set("Content-Type", "multipart/mixed; boundary=batch_1")
		sign(r, time.Now())
	})
	if status != http.StatusAccepted {
		t.Errorf("%d %s", status, text)
	}
	return text
}

func TestTransactions(t *testing.T) {
	add := func(partition, row string) string {
		return fmt.Sprintf("POST oncall\n{\"PartitionKey\":%q,\"RowKey\":%q}", partition, row)
	}
	var many []string
	for n := range 101 {
		many = append(many, add("1", fmt.Sprint("r", n)))
	}
	for name, c := range map[string]struct {
		operations []string
		want       string
		rows       int
	}{
		"good":           {[]string{add("1", "3"), add("1", "4"), "DELETE oncall(PartitionKey='1',RowKey='1')\n"}, "HTTP/1.1 204", 3},
		"a hundred":      {many[:100], "HTTP/1.1 204", 102},
		"too many":       {many, `"InvalidInput"`, 2},
		"two partitions": {[]string{add("1", "3"), add("2", "3")}, `"CommandsInBatchActOnDifferentPartitions"`, 2},
		"one row twice":  {[]string{add("1", "3"), add("1", "3")}, `"InvalidDuplicateRow"`, 2},
		"last one fails": {[]string{add("1", "3"), add("1", "1")}, `"EntityAlreadyExists"`, 2},
		"which one":      {[]string{add("1", "3"), add("1", "1")}, `"value":"1:`, 2},
		"query":          {[]string{"GET oncall(PartitionKey='1',RowKey='1')\n"}, `"InvalidInput"`, 2},
		"no table":       {[]string{"POST nothere\n{\"PartitionKey\":\"1\",\"RowKey\":\"1\"}"}, `"TableNotFound"`, 2},
	} {
		s, base := start(t)
		if text := post(t, base, c.operations...); !strings.Contains(text, c.want) {
			t.Errorf("%s: %s", name, text)
		}
		if n := len(s.Rows("oncall")); n != c.rows {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

func TestFilters(t *testing.T) {
	for filter, want := range map[string]string{
		"oncall eq true": "1", "oncall eq false": "2", "oncall ne true": "2", "n gt 3": "2", "n ge 3 and n lt 4L": "1", "email eq 'o''hara@b'": "2",
		"not (oncall eq true)": "2", "n eq 3 or n eq 5": "12", "at lt datetime'2026-11-28T00:00:00Z'": "1", "nothere eq 1": "", "nothere ne 1": "",
		"oncall eq 'true'": "", "PartitionKey eq '1' and (RowKey eq '2' or RowKey eq '3')": "2", "n le 3.5": "",
	} {
		_, base := start(t)
		status, text := ask(t, "GET", base+"oncall()?$select=RowKey&$filter="+url.QueryEscape(filter), "", nil)
		got := ""
		for _, row := range []string{"1", "2"} {
			if strings.Contains(text, `"RowKey":"`+row+`"`) {
				got += row
			}
		}
		if status != http.StatusOK || got != want {
			t.Errorf("%s gives %q, not %q: %d %s", filter, got, want, status, text)
		}
	}
}
