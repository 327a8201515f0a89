package fake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// maxBatch is how many operations one transaction may have.
const maxBatch = 100

// batch carries out an entity-group transaction: one changeset, one table, one partition, each entity once, everything or
// nothing. A transaction that fails is answered 202, too: the failure is the only part inside.
func (s *Service) batch(w http.ResponseWriter, r *http.Request, body []byte) *fault {
	parts, f := changeset(r.Header.Get("Content-Type"), body)
	if f != nil {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(parts) > maxBatch {
		s.writeBatch(w, &fault{http.StatusBadRequest, "InvalidInput", "99:The batch request operation exceeds the maximum 100 changes per change set."}, nil)
		return nil
	}
	var t *table
	var copied *table
	seen := map[string]bool{}
	answers := make([]string, 0, len(parts))
	for i, part := range parts {
		fail := func(f *fault) *fault {
			s.writeBatch(w, &fault{f.status, f.code, fmt.Sprintf("%d:%s", i, f.message)}, nil)
			return nil
		}
		o, f := s.readOperation(part, r)
		if f != nil {
			return fail(f)
		}
		if t == nil {
			if t = s.tables[strings.ToLower(o.table)]; t == nil {
				return fail(notThere("TableNotFound"))
			}
			copied = &table{name: t.name, rows: maps.Clone(t.rows)}
		}
		if !strings.EqualFold(o.table, t.name) || i > 0 && !strings.HasPrefix(first(seen), o.partition+"\x00") {
			return fail(bad("CommandsInBatchActOnDifferentPartitions", "All commands in a batch must operate on same entity group."))
		}
		if seen[rowID(o.partition, o.key)] {
			return fail(bad("InvalidDuplicateRow", "The batch request contains multiple changes with same row key. An entity can appear only once in a batch request."))
		}
		seen[rowID(o.partition, o.key)] = true
		done, f := s.apply(copied, o)
		if f != nil {
			return fail(f)
		}
		answer := "HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\nDataServiceVersion: 1.0;\r\n"
		if done != nil {
			answer += "ETag: " + done.etag + "\r\n"
		}
		answers = append(answers, answer+"\r\n")
	}
	if t != nil {
		t.rows = copied.rows
	}
	s.writeBatch(w, nil, answers)
	return nil
}

func first(seen map[string]bool) string {
	for id := range seen {
		return id
	}
	return ""
}

// changeset takes the body of a transaction apart into its operations.
func changeset(contentType string, body []byte) ([][]byte, *fault) {
	wrong := bad("InvalidInput", "The transaction cannot be read.")
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "multipart/mixed" || params["boundary"] == "" {
		return nil, wrong
	}
	outer := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	set, err := outer.NextPart()
	if err != nil {
		return nil, wrong
	}
	media, params, err = mime.ParseMediaType(set.Header.Get("Content-Type"))
	if err != nil || media != "multipart/mixed" || params["boundary"] == "" {
		return nil, wrong // queries inside transactions are not ours
	}
	var out [][]byte
	for inner := multipart.NewReader(set, params["boundary"]); ; {
		part, err := inner.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || part.Header.Get("Content-Type") != "application/http" || part.Header.Get("Content-Transfer-Encoding") != "binary" {
			return nil, wrong
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, wrong
		}
		out = append(out, text)
	}
	if _, err := outer.NextPart(); !errors.Is(err, io.EOF) || len(out) == 0 {
		return nil, wrong // one changeset, and something in it
	}
	return out, nil
}

func (s *Service) readOperation(part []byte, outer *http.Request) (*operation, *fault) {
	head, body, ok := bytes.Cut(part, []byte("\r\n\r\n"))
	if !ok {
		return nil, bad("InvalidInput", "An operation of the transaction cannot be read.")
	}
	// The parts of a transaction have no length: the body is what is left.
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(bytes.Clone(head), "\r\n\r\n"...))))
	if err != nil {
		return nil, bad("InvalidInput", "An operation of the transaction cannot be read.")
	}
	path, _, err := s.operationPath(req.RequestURI)
	if err != nil {
		return nil, bad("InvalidInput", "An operation of the transaction is for another account.")
	}
	s.requests = append(s.requests, " "+req.Method+" "+path)
	if req.Method == http.MethodGet {
		return nil, bad("InvalidInput", "A changeset cannot hold queries.")
	}
	o, f := parseOperation(req.Method, path, req.Header, bytes.TrimSpace(body))
	if f != nil {
		return nil, f
	}
	return o, allows(outer.URL.Query(), o.table, o.needs())
}

func (s *Service) writeBatch(w http.ResponseWriter, f *fault, answers []string) {
	if f != nil {
		s.refused = append(s.refused, f.code)
		answers = []string{fmt.Sprintf("HTTP/1.1 %d %s\r\nX-Content-Type-Options: nosniff\r\nDataServiceVersion: 3.0;\r\n"+
			"Content-Type: application/json;odata=minimalmetadata;streaming=true;charset=utf-8\r\n\r\n%s", f.status, http.StatusText(f.status), f.body())}
	}
	var b strings.Builder
	b.WriteString("--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n")
	for _, a := range answers {
		b.WriteString("--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" + a + "\r\n")
	}
	b.WriteString("--changesetresponse_1--\r\n--batchresponse_1--\r\n")
	w.Header().Set("Content-Type", "multipart/mixed; boundary=batchresponse_1")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, b.String()) // the caller has gone or hears it
}
