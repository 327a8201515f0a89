package twilio

import "sync"

// memory keeps the newest texts that were read out. It does not outlive the connector: after a restart, or on another
// node, key 0 gives the keys alone.
type memory struct {
	mu    sync.Mutex
	text  map[string]string
	order []string
}

// remembered is how many calls are kept.
const remembered = 500

func (m *memory) keep(id, text string) {
	if id == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.text == nil {
		m.text = map[string]string{}
	}
	if _, ok := m.text[id]; !ok {
		m.order = append(m.order, id)
	}
	m.text[id] = text
	if len(m.order) > remembered {
		delete(m.text, m.order[0])
		m.order = m.order[1:]
	}
}

func (m *memory) get(id string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text[id]
}
