// Package fake is a strict Table service as Azure Storage has it: entities with typed properties, SharedKey, SharedKeyLite
// and signatures checked, filters, pages, ETags, and entity-group transactions. It refuses what Azure refuses, with
// Azure's codes, and keeps everything in memory.
//
// Tests use it, and find the way to start Azurite, the real counterpart, here. It imports the standard library only and
// shares no code with the connector. Not here: stored access
// policies, Entra tokens, Atom, Merge by POST, $format, and the deletion of tables.
package fake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Service is an http.Handler for one storage account, with the account's name as first element of the path, as emulators
// have it.
type Service struct {
	account string
	key     []byte

	mu       sync.Mutex
	tables   map[string]*table // by lower-case name
	page     int
	clock    uint64 // makes versions unlike each other within one tick
	refused  []string
	requests []string
	status   int
	header   http.Header
	hang     chan struct{}
	before   func(r *http.Request)
}

type table struct {
	name string
	rows map[string]*row // by keys
}

// New makes a service for an account and its key in base64.
func New(account, key string) (*Service, error) {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) < 16 {
		return nil, fmt.Errorf("the key is not base64")
	}
	return &Service{account: account, key: raw, tables: map[string]*table{}, page: 1000}, nil
}

// CreateTable makes an empty table.
func (s *Service) CreateTable(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables[strings.ToLower(name)] = &table{name: name, rows: map[string]*row{}}
}

// Put stores an entity in its JSON form, as if somebody else had written it, whatever was there.
func (s *Service) Put(name, entity string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[strings.ToLower(name)]
	if t == nil {
		return fmt.Errorf("there is no table %s", name)
	}
	props, err := parseEntity([]byte(entity))
	if err != nil {
		return err
	}
	s.store(t, props)
	return nil
}

// Remove deletes an entity, as if somebody else had done it.
func (s *Service) Remove(name, partition, rowKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tables[strings.ToLower(name)]; t != nil {
		delete(t.rows, rowID(partition, rowKey))
	}
}

// Rows are the entities of a table as JSON with their types and without versions, sorted by keys.
func (s *Service) Rows(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	if t := s.tables[strings.ToLower(name)]; t != nil {
		for _, id := range slices.Sorted(maps.Keys(t.rows)) {
			text, err := json.Marshal(t.rows[id].plain())
			if err != nil {
				text = []byte(err.Error())
			}
			out = append(out, string(text))
		}
	}
	return out
}

// PageSize makes answers shorter than Azure's thousand entities.
func (s *Service) PageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = n
}

// Before calls f for each request that is signed well, before it is looked at; f may change rows.
func (s *Service) Before(f func(r *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// Answer makes well-signed requests be answered with a status and headers; 0 ends it.
func (s *Service) Answer(status int, header http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.header = status, header
}

// Hang keeps requests waiting until release is called.
func (s *Service) Hang() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hang := make(chan struct{})
	s.hang = hang
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hang = nil
		close(hang)
	}
}

// Refused are the codes that requests were refused with.
func (s *Service) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// Requests are method and path of each well-signed request; those inside a transaction follow it, with a space in front.
func (s *Service) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// fault is an answer that is not a success.
type fault struct {
	status  int
	code    string
	message string
}

func (f *fault) Error() string { return f.code }

func bad(code, message string) *fault { return &fault{http.StatusBadRequest, code, message} }

func (s *Service) refuse(w http.ResponseWriter, f *fault) {
	s.mu.Lock()
	s.refused = append(s.refused, f.code)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json;odata=minimalmetadata;streaming=true;charset=utf-8")
	w.WriteHeader(f.status)
	_, _ = w.Write(f.body()) // the caller has gone or hears it
}

func (f *fault) body() []byte {
	out, err := json.Marshal(map[string]any{"odata.error": map[string]any{
		"code": f.code, "message": map[string]string{"lang": "en-US", "value": f.message + "\nRequestId:0\nTime:" + time.Now().UTC().Format(time.RFC3339)},
	}})
	if err != nil {
		return []byte("{}")
	}
	return out
}
