package store

import "github.com/muster-oncall/muster"

// NoticeFilter selects notices. Zero fields select everything.
type NoticeFilter struct {
	List
	Person muster.UserName
	Unseen bool
	Since  muster.Instant // told then or later
}

// NoticeReader reads notices.
type NoticeReader interface {
	Notice(id muster.NoticeID) (*muster.Notice, error)
	Notices(f NoticeFilter) ([]*muster.Notice, error) // newest first
	CountUnseen(person muster.UserName) (int, error)
}

// NoticeWriter writes notices.
type NoticeWriter interface {
	// InsertNotice writes a notice, and nothing when its person was told the same key already: then told is false.
	InsertNotice(n *muster.Notice) (told bool, err error)
	// SeeNotices marks notices of a person as seen, all of them when none is named, and returns how many were not seen yet.
	SeeNotices(person muster.UserName, at muster.Instant, ids ...muster.NoticeID) (int, error)
	DeleteNoticesOf(person muster.UserName) error
	DeleteNoticesBefore(t muster.Instant, limit int) (int, error) // seen or not: the janitor's
}
