package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// beatWait is how long somebody outside may take to hear a heartbeat.
const beatWait = 10 * time.Second

// ping tells somebody outside that all is well, and how far the ledger is: whoever keeps that can prove later that nobody
// wrote it anew.
func (a *Auditor) ping(ctx context.Context) {
	url, head := a.beat.URL, a.head
	go func() {
		err := beat(ctx, a.HTTP, url, head)
		select {
		case a.lastBeat <- beatResult{time.Now(), err}:
		case <-ctx.Done():
		}
	}()
}

func beat(ctx context.Context, client *http.Client, url, head string) error {
	ctx, cancel := context.WithTimeout(ctx, beatWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("muster is well; ledger "+head+"\n"))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode >= 300 {
		return fmt.Errorf("it answered %s", resp.Status)
	}
	return nil
}

func (a *Auditor) keepBeat(b beatResult) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b.err != nil {
		a.status.BeatError = firstLine(b.err.Error())
		a.Log.Warn("the heartbeat was not taken", "error", b.err)
		a.next = time.Time{} // at the next look
		return
	}
	a.status.BeatAt, a.status.BeatError = muster.At(b.at), ""
}
