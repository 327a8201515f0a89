package api_test

import (
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

func TestHeartbeats(t *testing.T) {
	w := newWorld(t)
	admin := muster.Actor{Name: "Test", Access: muster.AccessAdmin}
	_, err := command.Run[command.ApplyDocuments, *command.Applied](t.Context(), w.commands, "ApplyDocuments", admin, command.ApplyDocuments{
		Documents: "kind: source\nname: monitor\ntitle: Monitor\nteam: shop\nheartbeats:\n  - {name: backup, every: 5m}\n",
	})
	must(t, err)
	at := "/in/" + w.key + "/heartbeat/"
	want(t, w.do("GET", "/api/v1/heartbeats", "", "Authorization", "Bearer "+w.viewer), 200, `"name":"backup"`, `"status":"waiting"`)
	for _, method := range []string{"GET", "HEAD"} { // nothing that follows links keeps a dead system alive
		rec := w.do(method, at+"backup", "")
		want(t, rec, 405)
		if method == "GET" && !strings.Contains(rec.Body.String(), "GET never changes anything") {
			t.Errorf("the refusal says %s", rec.Body)
		}
	}
	want(t, w.do("POST", at+"backup", ""), 202, `"status":"ok"`)
	want(t, w.do("PUT", at+"backup?state=fail", "disk full"), 202, `"status":"failed"`, `"alert":"alt_`)
	want(t, w.do("POST", at+"backup", ""), 202, `"status":"ok"`, `"alert":"alt_`)
	want(t, w.do("GET", "/api/v1/heartbeats?source=monitor&status=ok", "", "Authorization", "Bearer "+w.viewer), 200, `"last_seen":"`)
	want(t, w.do("POST", at+"backups", ""), 404, "did you mean backup?")
	want(t, w.do("POST", at+"backup?state=maybe", ""), 422)
	want(t, w.do("POST", "/in/msi_nobody/heartbeat/backup", ""), 401)
}
