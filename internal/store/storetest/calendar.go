package storetest

import (
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// leave: found by time, replaced as a whole for each source, and what people entered is left alone.
func leave(w *world) {
	day := func(n int) muster.Instant { return muster.At(time.Date(2026, 12, n, 0, 0, 0, 0, time.UTC)) }
	made := func(source muster.ConnectorName, person muster.UserName, title string, from, until int) muster.Leave {
		kind := muster.LeaveOwn
		if person == "" {
			kind = muster.LeaveHolidays
		}
		return muster.Leave{ID: id[muster.LeaveID](w), Person: person, Kind: kind, From: day(from), Until: day(until), Title: title, Source: source}
	}
	list := func(from, until int) (s string) {
		w.read(func(r store.Reader) error {
			rows, err := r.LeaveBetween(day(from), day(until))
			for _, l := range rows {
				s += fmt.Sprintf("%s:%s ", l.Person, l.Title)
			}
			return err
		})
		return s
	}
	byHand := made("", "ana", "trip", 10, 20)
	w.write(func(tx store.Tx) error { return tx.InsertLeave(&byHand) })
	w.write(func(tx store.Tx) error {
		return tx.ReplaceLeave("holidays", []muster.Leave{made("holidays", "", "Christmas\x00", 25, 26), made("holidays", "", "Boxing Day", 26, 27)})
	})
	w.write(func(tx store.Tx) error {
		return tx.ReplaceLeave("away", []muster.Leave{made("away", "ben", "sea", 1, 5)})
	})
	same(w, "all", "ben:sea ana:trip :Christmas\x00 :Boxing Day ", list(1, 31))
	same(w, "half open", "ana:trip ", list(5, 25))
	same(w, "inside", "ana:trip ", list(12, 13))
	w.write(func(tx store.Tx) error {
		return tx.ReplaceLeave("holidays", []muster.Leave{made("holidays", "", "New Year's Eve", 31, 32)})
	})
	same(w, "replaced", "ben:sea ana:trip :New Year's Eve ", list(1, 60))
	w.write(func(tx store.Tx) error { return tx.ReplaceLeave("away", nil) })
	w.read(func(r store.Reader) error {
		got, err := r.Leave(byHand.ID)
		same(w, "leave", &byHand, got)
		return err
	})
	w.write(func(tx store.Tx) error { return tx.DeleteLeave(byHand.ID) })
	same(w, "left", ":New Year's Eve ", list(1, 60))
	w.wants(muster.ErrNotFound, w.try(func(tx store.Tx) error { return tx.DeleteLeave(byHand.ID) }))
	again := made("", "ana", "again", 10, 11)
	w.write(func(tx store.Tx) error { return tx.InsertLeave(&again) })
	w.write(func(tx store.Tx) error { return tx.DeleteLeaveOf("ana") })
	same(w, "of nobody else", ":New Year's Eve ", list(1, 60))
}

// feeds: found by the hash of their token until they are revoked.
func feeds(w *world) {
	made := func(hash, title string) *muster.Feed {
		f := &muster.Feed{ID: id[muster.FeedID](w), Title: title, Person: "ana", CreatedAt: w.tick(), By: muster.By{User: "ana", Name: "Ana"}}
		w.write(func(tx store.Tx) error { return tx.InsertFeed(hash, f) })
		return f
	}
	first := made("one", "phone")
	made("two", "laptop\x00\xff")
	w.read(func(r store.Reader) error {
		got, err := r.FeedByHash("one")
		same(w, "feed", first, got)
		return err
	})
	w.wants(muster.ErrNotFound, w.db.Read(w.Context(), func(r store.Reader) error {
		_, err := r.FeedByHash("One")
		return err
	}))
	w.write(func(tx store.Tx) error { return tx.DeleteFeed(first.ID) })
	w.wants(muster.ErrNotFound, w.db.Read(w.Context(), func(r store.Reader) error {
		_, err := r.FeedByHash("one")
		return err
	}))
	w.read(func(r store.Reader) error {
		list, err := r.Feeds()
		if err == nil && (len(list) != 1 || list[0].Title != "laptop\x00\uFFFD") {
			w.Errorf("%d feeds are left: %v", len(list), list)
		}
		return err
	})
}
