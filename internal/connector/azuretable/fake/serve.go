package fake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxBody is what Azure takes as one request.
const maxBody = 4 << 20

var (
	tablePath  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9]{2,62})(?:\(\))?$`)
	entityPath = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9]{2,62})\(PartitionKey='((?:[^']|'')*)',RowKey='((?:[^']|'')*)'\)$`)
)

// ServeHTTP implements [http.Handler].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.refuse(w, &fault{http.StatusRequestEntityTooLarge, "RequestBodyTooLarge", "The request body is too large."})
		return
	}
	if f := s.authorize(r); f != nil {
		s.refuse(w, f)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/"+s.account+"/")
	if !ok {
		s.refuse(w, bad("InvalidUri", "The requested URI does not represent any resource on the server."))
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+path)
	before := s.before
	s.mu.Unlock()
	if before != nil {
		before(r)
	}
	s.mu.Lock()
	status, header, hang := s.status, s.header, s.hang
	s.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return
		}
	}
	if status != 0 {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "body of the answer") // no connector may show it
		return
	}
	if f := s.route(w, r, path, body); f != nil {
		s.refuse(w, f)
	}
}

func (s *Service) route(w http.ResponseWriter, r *http.Request, path string, body []byte) *fault {
	if v := r.Header.Get("Dataserviceversion"); v != "" && !slices.Contains([]string{"1.0", "2.0", "3.0"}, strings.TrimSuffix(v, ";")) {
		return bad("InvalidHeaderValue", "The version of the data service is not supported.")
	}
	if path == "$batch" && r.Method == http.MethodPost {
		return s.batch(w, r, body)
	}
	if accept := r.Header.Get("Accept"); !strings.Contains(accept, "application/json") {
		return &fault{http.StatusUnsupportedMediaType, "AtomFormatNotSupported", "Atom format is not supported."}
	}
	if len(body) > 0 && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return &fault{http.StatusUnsupportedMediaType, "AtomFormatNotSupported", "Atom format is not supported."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if path == "Tables" {
		return s.makeTable(w, r, body)
	}
	if m := tablePath.FindStringSubmatch(path); m != nil && r.Method == http.MethodGet {
		if f := allows(r.URL.Query(), m[1], "r"); f != nil {
			return f
		}
		t := s.tables[strings.ToLower(m[1])]
		if t == nil {
			return notThere("TableNotFound")
		}
		return s.query(w, r, t)
	}
	o, f := parseOperation(r.Method, path, r.Header, body)
	if f != nil {
		return f
	}
	if f := allows(r.URL.Query(), o.table, o.needs()); f != nil {
		return f
	}
	t := s.tables[strings.ToLower(o.table)]
	if t == nil {
		return notThere("TableNotFound")
	}
	done, f := s.apply(t, o)
	if f != nil {
		return f
	}
	writeDone(w, o, done, r.Header.Get("Prefer") == "return-no-content")
	return nil
}

func notThere(code string) *fault {
	return &fault{http.StatusNotFound, code, "The specified resource does not exist."}
}

func (s *Service) makeTable(w http.ResponseWriter, r *http.Request, body []byte) *fault {
	var in struct{ TableName string }
	if r.Method != http.MethodPost {
		return &fault{http.StatusMethodNotAllowed, "UnsupportedHttpVerb", "The resource does not support the specified HTTP verb."}
	}
	if err := json.Unmarshal(body, &in); err != nil || tablePath.FindString(in.TableName) != in.TableName || strings.EqualFold(in.TableName, "tables") {
		return bad("InvalidResourceName", "The specified resource name contains invalid characters.")
	}
	if r.URL.Query().Has("tn") {
		return forbidden("AuthorizationPermissionMismatch", "A signature for a table cannot create tables.")
	}
	name := strings.ToLower(in.TableName)
	if s.tables[name] != nil {
		return &fault{http.StatusConflict, "TableAlreadyExists", "The table specified already exists."}
	}
	s.tables[name] = &table{name: in.TableName, rows: map[string]*row{}}
	writeJSON(w, http.StatusCreated, map[string]any{"odata.metadata": "#Tables/@Element", "TableName": in.TableName})
	return nil
}

func (s *Service) query(w http.ResponseWriter, r *http.Request, t *table) *fault {
	q := r.URL.Query()
	fits, top := func(*row) bool { return true }, s.page
	if text := q.Get("$filter"); text != "" {
		f, bad := parseFilter(text)
		if bad != nil {
			return bad
		}
		fits = f
	}
	if text := q.Get("$top"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return bad("InvalidInput", "$top must be between 1 and 1000.")
		}
		top = min(top, n)
	}
	var columns []string
	for name := range strings.SplitSeq(q.Get("$select"), ",") {
		if name = strings.TrimSpace(name); name != "" && name != "*" {
			columns = append(columns, name)
		}
	}
	from := rowID(q.Get("NextPartitionKey"), q.Get("NextRowKey"))
	found := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(t.rows)) {
		one := t.rows[id]
		if q.Has("NextPartitionKey") && id < from || !fits(one) {
			continue
		}
		if len(found) == top {
			w.Header().Set("X-Ms-Continuation-Nextpartitionkey", one.partition)
			w.Header().Set("X-Ms-Continuation-Nextrowkey", one.key)
			break
		}
		found = append(found, one.shown(columns))
	}
	writeJSON(w, http.StatusOK, map[string]any{"odata.metadata": "#" + t.name, "value": found})
	return nil
}

// operation is a read or a change of one entity, alone or within a transaction.
type operation struct {
	method, table  string
	partition, key string // of the path; for an insertion of the body
	ifMatch        string
	body           *entity
}

func (o *operation) needs() string {
	switch {
	case o.method == http.MethodGet:
		return "r"
	case o.method == http.MethodPost:
		return "a"
	case o.method == http.MethodDelete:
		return "d"
	case o.ifMatch == "":
		return "au" // insert or update
	}
	return "u"
}

func parseOperation(method, path string, header http.Header, body []byte) (*operation, *fault) {
	o := &operation{method: method, ifMatch: header.Get("If-Match")}
	if method == "MERGE" {
		o.method = http.MethodPatch
	}
	insert := tablePath.FindStringSubmatch(path)
	one := entityPath.FindStringSubmatch(path)
	switch {
	case insert != nil && method == http.MethodPost:
		o.table = insert[1]
	case one != nil && slices.Contains([]string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete}, o.method):
		o.table, o.partition, o.key = one[1], strings.ReplaceAll(one[2], "''", "'"), strings.ReplaceAll(one[3], "''", "'")
	case one != nil || insert != nil:
		return nil, &fault{http.StatusMethodNotAllowed, "UnsupportedHttpVerb", "The resource does not support the specified HTTP verb."}
	default:
		return nil, bad("InvalidInput", "The address cannot be read.")
	}
	if o.method == http.MethodDelete && o.ifMatch == "" {
		return nil, bad("MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: If-Match.")
	}
	if o.method == http.MethodGet || o.method == http.MethodDelete {
		return o, nil
	}
	e, err := parseEntity(body)
	if f, ok := errors.AsType[*fault](err); ok {
		return nil, f
	}
	o.body = e
	if method == http.MethodPost {
		if !e.hasPartition || !e.hasKey {
			return nil, bad("PropertiesNeedValue", "The values are not specified for all properties in the entity.")
		}
		o.partition, o.key = e.partition, e.key
		return o, nil
	}
	if e.hasPartition && e.partition != o.partition || e.hasKey && e.key != o.key {
		return nil, bad("InvalidInput", "The keys of the entity are not those of the address.")
	}
	if err := errors.Join(checkKey(o.partition), checkKey(o.key)); err != nil {
		return nil, bad("OutOfRangeInput", "One of the request inputs is out of range.")
	}
	e.partition, e.key = o.partition, o.key
	return o, nil
}

// apply carries an operation out on a table.
func (s *Service) apply(t *table, o *operation) (*row, *fault) {
	old := t.rows[rowID(o.partition, o.key)]
	if o.method == http.MethodPost {
		if old != nil {
			return nil, &fault{http.StatusConflict, "EntityAlreadyExists", "The specified entity already exists."}
		}
		return s.store(t, o.body), nil
	}
	if old == nil && (o.body == nil || o.ifMatch != "") {
		return nil, notThere("ResourceNotFound")
	}
	if o.method == http.MethodGet {
		return old, nil
	}
	if o.ifMatch != "" && o.ifMatch != "*" && o.ifMatch != old.etag {
		return nil, &fault{http.StatusPreconditionFailed, "UpdateConditionNotSatisfied", "The update condition specified in the request was not satisfied."}
	}
	if o.method == http.MethodDelete {
		delete(t.rows, rowID(o.partition, o.key))
		return nil, nil
	}
	if o.method == http.MethodPatch && old != nil {
		merged := maps.Clone(old.props)
		maps.Copy(merged, o.body.props)
		o.body.props = merged
	}
	return s.store(t, o.body), nil
}

func writeDone(w http.ResponseWriter, o *operation, done *row, quiet bool) {
	if done != nil {
		w.Header().Set("Etag", done.etag)
	}
	switch {
	case o.method == http.MethodGet:
		writeJSON(w, http.StatusOK, done.shown(nil))
	case o.method == http.MethodPost && !quiet:
		writeJSON(w, http.StatusCreated, done.shown(nil))
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	out, err := json.Marshal(v)
	if err != nil {
		status, out = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json;odata=minimalmetadata;streaming=true;charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out) // the caller has gone or hears it
}

// operationPath is what follows the account in the address of an operation inside a transaction.
func (s *Service) operationPath(target string) (path string, query url.Values, err error) {
	u, err := url.Parse(target)
	if err != nil {
		return "", nil, err
	}
	path, ok := strings.CutPrefix(u.Path, "/"+s.account+"/")
	if !ok {
		return "", nil, fmt.Errorf("the address %s is not of this account", u.Path)
	}
	return path, u.Query(), nil
}
