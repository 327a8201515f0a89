package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

func (w *world) edit(docs ...muster.DocRevision) {
	w.Helper()
	w.write(func(tx store.Tx) error {
		head, err := tx.LockHead()
		if err != nil {
			return err
		}
		for i := range docs {
			docs[i].Revision, docs[i].At = head+1, tx.Now()
		}
		return tx.InsertDocs(docs)
	})
}

func catalogAt(w *world) {
	doc := func(kind muster.Kind, name, body string) muster.DocRevision {
		return muster.DocRevision{Kind: kind, Name: name, Body: body, By: muster.By{User: "ana", Name: "Ana"}, Why: "because"}
	}
	w.edit(doc(muster.KindTeams, "store", `{"v":1}`), doc(muster.KindUsers, "ana", `{"v":1}`))
	w.edit(doc(muster.KindTeams, "store", `{"v":2}`))
	w.edit(doc(muster.KindUsers, "ana", ""), doc(muster.KindUsers, "store", `{"v":3}`))
	w.edit(doc(muster.KindUsers, "ana", `{"v":4}`))
	w.read(func(r store.Reader) error {
		for rev, want := range []string{
			"", "teams/store@1 users/ana@1", "teams/store@2 users/ana@1", "teams/store@2 users/store@3",
			"teams/store@2 users/ana@4 users/store@3", "teams/store@2 users/ana@4 users/store@3",
		} {
			list, err := r.DocsAt(muster.Revision(rev))
			if err != nil {
				return err
			}
			var got strings.Builder
			for i, d := range list {
				if i > 0 {
					got.WriteString(" ")
				}
				fmt.Fprintf(&got, "%s/%s@%d", d.Kind, d.Name, d.Revision)
			}
			if got.String() != want {
				w.Errorf("at %d: %s, wanted %s", rev, got.String(), want)
			}
		}
		edits, err := r.DocHistory(muster.KindUsers, "ana", store.List{})
		if err != nil {
			return err
		}
		for _, d := range append(edits, muster.DocRevision{At: edits[2].At.Plus(-1e3)}) {
			if rev, err := r.RevisionAt(d.At); rev != d.Revision || err != nil {
				w.Errorf("at %v the newest revision was %d, wanted %d: %v", d.At, rev, d.Revision, err)
			}
		}
		history, err := r.DocHistory(muster.KindUsers, "ana", store.List{Limit: 2})
		if err != nil || len(history) != 2 || history[0].Revision != 4 || history[1].Body != "" || history[1].Revision != 3 {
			w.Errorf("history: %+v, %v", history, err)
		}
		rest, err := r.DocHistory(muster.KindUsers, "ana", store.List{After: "3"})
		if err != nil || len(rest) != 1 || rest[0].Revision != 1 {
			w.Errorf("the rest of the history: %+v, %v", rest, err)
		}
		return nil
	})
}

func catalogUnlocked(w *world) {
	w.edit(muster.DocRevision{Kind: muster.KindTeams, Name: "a", Body: "{}"})
	w.wants(muster.ErrConflict, w.try(func(tx store.Tx) error {
		return tx.InsertDocs([]muster.DocRevision{{Revision: 1, Kind: muster.KindTeams, Name: "b", Body: "{}"}})
	}))
	w.read(func(r store.Reader) error {
		list, err := r.DocsAt(9)
		if len(list) != 1 {
			w.Errorf("the refused edit is there: %+v", list)
		}
		return err
	})
}

func contacts(w *world) {
	add := func(user muster.UserName, method string) *muster.Contact {
		c := &muster.Contact{ID: id[muster.ContactID](w), User: user, Method: method, Connector: "demo", Sealed: []byte{0, 1, 255}, CreatedAt: w.tick()}
		w.write(func(tx store.Tx) error { return tx.InsertContact(c) })
		return c
	}
	add("ana", "phone")
	mail := add("ana", "mail")
	add("ben", "phone")
	look := func(users []muster.UserName) (s string) {
		w.read(func(r store.Reader) error {
			found, err := r.ContactsOf(users)
			for _, u := range []muster.UserName{"ana", "ben", "cy"} {
				for _, c := range found[u] {
					s += fmt.Sprintf("%s:%s:%d ", u, c.Method, len(c.Sealed))
				}
			}
			return err
		})
		return s
	}
	same(w, "everybody's", "ana:phone:3 ana:mail:3 ben:phone:3 ", look(nil))
	same(w, "nobody's", "", look([]muster.UserName{}))
	same(w, "two people's", "ben:phone:3 ", look([]muster.UserName{"ben", "cy"}))
	w.write(func(tx store.Tx) error { return tx.DeleteContact(mail.ID) })
	same(w, "Ana's", "ana:phone:3 ", look([]muster.UserName{"ana"}))
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error { return tx.DeleteContact(mail.ID) }))
}

func access(w *world) {
	now := muster.At(time.Now())
	session := func(hash string, user muster.UserName, lasts time.Duration) muster.SessionID {
		s := &muster.Session{ID: id[muster.SessionID](w), User: user, ExpiresAt: now.Plus(lasts)}
		w.write(func(tx store.Tx) error { return tx.InsertSession(hash, s) })
		return s.ID
	}
	session("old", "ana", -time.Minute)
	session("a1", "ana", time.Hour)
	session("a2", "ana", time.Hour)
	ben := session("b1", "ben", time.Hour)
	has := func(hash string, want bool) {
		w.Helper()
		w.read(func(r store.Reader) error {
			s, err := r.SessionByHash(hash)
			if want && err != nil || !want && muster.CodeOf(err) != muster.ErrNotFound {
				w.Errorf("session %s: %v, %v", hash, s, err)
			}
			return nil
		})
	}
	has("old", false)
	has("a1", true)
	w.read(func(r store.Reader) error {
		list, err := r.SessionsOf("ana")
		if len(list) != 2 || list[0].User != "ana" || list[1].User != "ana" {
			w.Errorf("Ana's sessions: %v", list)
		}
		return err
	})
	w.wants(muster.ErrConflict, w.try(func(tx store.Tx) error { return tx.InsertSession("a1", &muster.Session{ID: id[muster.SessionID](w)}) }))
	w.write(func(tx store.Tx) error { return tx.DeleteSessionsOf("ana") })
	has("a1", false)
	has("a2", false)
	has("b1", true)
	w.write(func(tx store.Tx) error { return tx.DeleteSession(ben) })
	has("b1", false)

	key := &muster.APIKey{ID: id[muster.APIKeyID](w), Name: "first"}
	w.write(func(tx store.Tx) error {
		if err := tx.InsertKey("h1", key); err != nil {
			return err
		}
		return tx.InsertKey("h2", &muster.APIKey{ID: id[muster.APIKeyID](w), Name: "second"})
	})
	key.RevokedAt = now
	w.write(func(tx store.Tx) error { return tx.UpdateKey(key) })
	w.write(func(tx store.Tx) error {
		if err := tx.SetPassphraseHash("ana", "one"); err != nil {
			return err
		}
		if err := tx.SetPassphraseHash("ana", "two"); err != nil {
			return err
		}
		if err := tx.PutSecret("z", []byte{0, 1}); err != nil {
			return err
		}
		if err := tx.PutSecret("gone", []byte{1}); err != nil {
			return err
		}
		if err := tx.PutSecret("gone", nil); err != nil {
			return err
		}
		return tx.PutSecret("a", []byte{2})
	})
	w.read(func(r store.Reader) error {
		if _, err := r.KeyByHash("h1"); muster.CodeOf(err) != muster.ErrNotFound {
			w.Errorf("a revoked key: %v", err)
		}
		if k, err := r.Key(key.ID); err != nil || k.Name != "first" || k.RevokedAt.IsZero() {
			w.Errorf("a revoked key by its ID: %v, %v", k, err)
		}
		if k, err := r.KeyByHash("h2"); err != nil || k.Name != "second" {
			w.Errorf("a good key: %v, %v", k, err)
		}
		if list, err := r.Keys(); err != nil || len(list) != 2 || list[1].RevokedAt.IsZero() {
			w.Errorf("keys: %v, %v", list, err)
		}
		ana, err := r.Passphrase("ana")
		none, err2 := r.Passphrase("ben")
		if ana != "two" || none != "" || err != nil || err2 != nil {
			w.Errorf("passphrases are %q and %q", ana, none)
		}
		z, err := r.Secret("z")
		same(w, "secret", []byte{0, 1}, z)
		names, err2 := r.SecretNames()
		same(w, "names of secrets", []string{"a", "z"}, names)
		if err != nil {
			return err
		}
		return err2
	})
}

func meta(w *world) {
	at := w.tick()
	answer := func(key string, at muster.Instant) *store.Replayed {
		return &store.Replayed{Key: key, RequestHash: "h", Status: 201, Body: []byte(`{"id":1}`), At: at}
	}
	w.write(func(tx store.Tx) error {
		if v, err := tx.Meta("key"); v != "" || err != nil {
			w.Errorf("an unset value is %q, %v", v, err)
		}
		if err := tx.SetMeta("key", "one"); err != nil {
			return err
		}
		if err := tx.SetMeta("key", "two"); err != nil {
			return err
		}
		if err := tx.InsertReplayed(answer("old", at.Plus(-time.Hour))); err != nil {
			return err
		}
		return tx.InsertReplayed(answer("new", at))
	})
	w.wants(muster.ErrConflict, w.try(func(tx store.Tx) error { return tx.InsertReplayed(answer("new", at)) }))
	w.write(func(tx store.Tx) error { return tx.DeleteReplayedBefore(at) })
	w.read(func(r store.Reader) error {
		v, err := r.Meta("key")
		same(w, "value", "two", v)
		old, err2 := r.Replayed("old")
		if old != nil || err != nil || err2 != nil {
			w.Errorf("a forgotten answer is %v, %v %v", old, err, err2)
		}
		got, err := r.Replayed("new")
		same(w, "remembered answer", answer("new", at), got)
		return err
	})
}
