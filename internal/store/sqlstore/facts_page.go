package sqlstore

import "github.com/muster-oncall/muster"

// life is the part of a page that changes. It lies apart from the body, which holds the reasons and is long, so that an
// attempt writes little.
type life struct {
	State      muster.PageState `json:"state"`
	Detail     string           `json:"detail,omitempty"`
	DueAt      muster.Instant   `json:"due_at"`
	StartedAt  muster.Instant   `json:"started_at,omitzero"`
	AcceptedAt muster.Instant   `json:"accepted_at,omitzero"`
	ProvedAt   muster.Instant   `json:"proved_at,omitzero"`
	Proof      string           `json:"proof,omitempty"`
	Attempts   []muster.Attempt `json:"attempts"`
}

func (l life) onto(p *muster.Page) {
	p.State, p.Detail, p.DueAt, p.StartedAt, p.AcceptedAt = l.State, l.Detail, l.DueAt, l.StartedAt, l.AcceptedAt
	p.ProvedAt, p.Proof, p.Attempts = l.ProvedAt, l.Proof, l.Attempts
}

var intoPage = into("page", "id, alert, person, connector, state, service, apart, life, body")

// InsertPages writes new pages.
func (t *tx) InsertPages(rows []*muster.Page) error {
	args := make([]any, 0, len(rows)*intoPage.width)
	for _, p := range rows {
		args = append(args, string(p.ID), string(p.Alert), string(p.Person), string(p.Connector), string(p.State),
			storable(string(p.Service)), p.Apart, t.text(appendLife(t.body[:0], p)), t.text(appendPage(t.body[:0], p)))
	}
	if err := t.insert(intoPage, args); err != nil {
		return err
	}
	return t.digests(rows)
}

func scanPage(r row) (*muster.Page, error) {
	var body, lived []byte
	if err := r.Scan(&body, &lived); err != nil {
		return nil, err
	}
	p := &muster.Page{}
	if err := decode(body, p); err != nil {
		return nil, err
	}
	var l life
	if err := decode(lived, &l); err != nil {
		return nil, err
	}
	l.onto(p)
	return p, nil
}

var (
	livePages   = alter("page", "id", "ttt", "state = $2, life = $3", "")
	finishPages = alter("page", "id", "ttt", "state = $2, life = $3", "page.state <> 'proved' AND page.state <> 'cancelled'")
)

// UpdatePages writes the life of pages.
func (t *tx) UpdatePages(rows []*muster.Page) error {
	changed, err := t.live(livePages, rows)
	if err != nil {
		return err
	}
	for i, n := range changed {
		if n == 0 {
			return t.fail(missing("page", string(rows[i].ID)))
		}
	}
	return nil
}

// FinishPages writes the life of pages after an attempt. One that was proved or cancelled meanwhile keeps that, and gets
// the attempt alone.
func (t *tx) FinishPages(rows []*muster.Page) error {
	changed, err := t.live(finishPages, rows)
	if err != nil {
		return err
	}
	for i, n := range changed {
		if n > 0 {
			continue
		}
		p, err := t.Page(rows[i].ID)
		if err != nil {
			return err
		}
		p.Attempts, p.StartedAt, p.AcceptedAt = rows[i].Attempts, rows[i].StartedAt, rows[i].AcceptedAt
		if err := t.UpdatePages([]*muster.Page{p}); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) live(ch *alteration, rows []*muster.Page) ([]int64, error) {
	args := make([]any, 0, len(rows)*3)
	for _, p := range rows {
		args = append(args, string(p.ID), string(p.State), t.text(appendLife(t.body[:0], p)))
	}
	return t.alter(ch, args)
}
