package storetest

import (
	"fmt"
	"math/rand/v2"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

func randomNotice(w *world, r *rand.Rand, id muster.NoticeID) *muster.Notice {
	return random(r, func(n *muster.Notice) {
		n.ID, n.Person, n.Key = id, name[muster.UserName](r), w.ids.Token(8)
	})
}

func insertNotice(tx store.Tx, n *muster.Notice) error {
	_, err := tx.InsertNotice(n)
	return err
}

// noticed makes a notice of a person; told says whether the key was new.
func (w *world) noticed(person muster.UserName, key string) (n *muster.Notice, told bool) {
	w.Helper()
	n = &muster.Notice{ID: id[muster.NoticeID](w), Person: person, Kind: muster.NoticeShiftReminder, Title: key, Key: key, At: w.tick()}
	w.write(func(tx store.Tx) (err error) {
		told, err = tx.InsertNotice(n)
		return err
	})
	return n, told
}

func (w *world) notices(f store.NoticeFilter) (s string) {
	w.Helper()
	w.read(func(r store.Reader) error {
		list, err := r.Notices(f)
		for _, n := range list {
			s += fmt.Sprintf("%s:%s:%v ", n.Person, n.Key, !n.SeenAt.IsZero())
		}
		return err
	})
	return s
}

// notices: each key once for each person, found by person, seen once, forgotten.
func notices(w *world) {
	first, _ := w.noticed("ana", "one")
	if _, told := w.noticed("ana", "one"); told {
		w.Error("Ana is told the same twice")
	}
	if _, told := w.noticed("ben", "one"); !told {
		w.Error("Ben is not told because Ana was")
	}
	second, _ := w.noticed("ana", "two")
	w.noticed("ana", "evil\x00\xff' --")
	same(w, "Ana's", "ana:evil\x00\uFFFD' --:false ana:two:false ana:one:false ", w.notices(store.NoticeFilter{Person: "ana"}))
	same(w, "a page of them", "ana:two:false ", w.notices(store.NoticeFilter{Person: "ana", List: store.List{Limit: 1, After: string(second.ID[:len(second.ID)-1]) + "g"}}))
	same(w, "the newest", "ana:evil\x00\uFFFD' --:false ana:two:false ", w.notices(store.NoticeFilter{Person: "ana", Since: second.At.Plus(-1e6)}))

	at := w.tick()
	see := func(want int, person muster.UserName, ids ...muster.NoticeID) {
		w.Helper()
		w.write(func(tx store.Tx) error {
			n, err := tx.SeeNotices(person, at, ids...)
			if n != want {
				w.Errorf("%s saw %d, wanted %d", person, n, want)
			}
			return err
		})
	}
	see(0, "ben", first.ID) // Ana's
	see(1, "ana", first.ID)
	see(0, "ana", first.ID)
	same(w, "unseen", "ana:evil\x00\uFFFD' --:false ana:two:false ", w.notices(store.NoticeFilter{Person: "ana", Unseen: true}))
	w.read(func(r store.Reader) error {
		n, err := r.CountUnseen("ana")
		if n != 2 || err != nil {
			w.Errorf("Ana has %d unseen, wanted 2: %v", n, err)
		}
		got, err := r.Notice(first.ID)
		first.SeenAt = at
		same(w, "seen notice", first, got)
		return err
	})
	at = w.tick()
	see(2, "ana")
	w.read(func(r store.Reader) error {
		got, err := r.Notice(first.ID)
		same(w, "notice that was seen before", first, got)
		return err
	})
	w.write(func(tx store.Tx) error {
		n, err := tx.DeleteNoticesBefore(second.At, 1)
		if n != 1 {
			w.Errorf("deleted %d, wanted 1", n)
		}
		return err
	})
	w.write(func(tx store.Tx) error { return tx.DeleteNoticesOf("ana") })
	same(w, "left", "ben:one:false ", w.notices(store.NoticeFilter{}))
}

// toldByMany: many tell the same at once, and one of them does it.
func toldByMany(w *world) {
	told := make([]bool, 8)
	w.none(w.together(len(told), func(i int) error {
		n := &muster.Notice{ID: id[muster.NoticeID](w), Person: "ana", Key: "same", Title: "x", At: w.tick()}
		return w.try(func(tx store.Tx) (err error) {
			told[i], err = tx.InsertNotice(n)
			return err
		})
	}))
	count := 0
	for _, t := range told {
		if t {
			count++
		}
	}
	if got := w.notices(store.NoticeFilter{}); count != 1 || got != "ana:same:false " {
		w.Errorf("%d told it, and there are %q", count, got)
	}
}
