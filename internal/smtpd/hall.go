package smtpd

import (
	"net"
	"time"
)

// hall lets in as many connections as there is room for and turns the others away. It counts before anything is said: who
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
}

func (s *Server) enter(c net.Conn) *guest {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.guests) >= maxGuests {
		return nil
	}
	g := &guest{c, s}
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
