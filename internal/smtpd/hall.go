package smtpd

import (
	"net"
	"time"
)

// hall lets in as many connections as there is room for, from one address as from all, and turns the others away. It counts before anything is said: who
// says nothing takes room, too.
type hall struct {
	net.Listener
	door *Server
}

// Accept implements [net.Listener].
func (h hall) Accept() (net.Conn, error) {
	for {
		c, err := h.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g := h.door.enter(c); g != nil {
			return g, nil
		}
		_ = c.SetWriteDeadline(time.Now().Add(time.Second)) // a courtesy: it is turned away in any case
		_, _ = c.Write([]byte("421 4.3.2 Too many are sending at this moment. Try again in a minute.\r\n"))
		_ = c.Close()
	}
}

// guest is a connection that was let in.
type guest struct {
	net.Conn
	door *Server
	from string // its address
}

// addressOf is the address that a connection comes from, without its port.
func addressOf(c net.Conn) string {
	from, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return c.RemoteAddr().String()
	}
	return from
}

func (s *Server) enter(c net.Conn) *guest {
	g := &guest{c, s, addressOf(c)}
	if ok, _ := s.arrive.Allow(g.from); !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.guests) >= maxGuests {
		return nil
	}
	same := 0
	for o := range s.guests {
		if o.from == g.from {
			same++
		}
	}
	if same >= maxFrom {
		return nil
	}
	s.guests[g] = struct{}{}
	return g
}

// Close makes room for another one.
func (g *guest) Close() error {
	g.door.mu.Lock()
	delete(g.door.guests, g)
	g.door.mu.Unlock()
	return g.Conn.Close()
}
