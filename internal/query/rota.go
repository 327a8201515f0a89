package query

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// maxCases is how many cases one call may ask.
const maxCases = 1000

// ResolveCases asks how Muster reads local times and rotations, in the form of the public vectors.
type ResolveCases struct {
	Cases  []rota.Case `json:"cases" doc:"at most 1,000; as in the file of vectors: id, kind, input"`
	TZData string      `json:"tzdata,omitempty" doc:"reference (when empty): the rules with which the public vectors were verified, so that they have the same answers everywhere; current: those that this installation decides with"`
}

// ResolvedCases are the answers, in the order of the cases.
type ResolvedCases struct {
	Results []ResolvedCase `json:"results"`
	TZData  string         `json:"tzdata"` // the release of the zone data that answered
}

// ResolvedCase is the answer to one case.
type ResolvedCase struct {
	ID  string `json:"id"`
	Got any    `json:"got"` // as the vectors' expect
}

func (q *Queries) resolveCases(ctx context.Context, a muster.Actor, in ResolveCases) (ResolvedCases, error) {
	out := ResolvedCases{Results: make([]ResolvedCase, 0, len(in.Cases))}
	if len(in.Cases) > maxCases {
		return out, muster.Invalid("The cases are not right", []muster.FieldError{{Path: "cases", Message: fmt.Sprintf("are %d: at most %d in one call", len(in.Cases), maxCases)}})
	}
	var z *rota.Zones
	switch in.TZData {
	case "", "reference":
		z = q.reference()
	case "current":
		z = q.Live.Current().Zones
	default:
		return out, muster.Invalid("The cases are not right", []muster.FieldError{{Path: "tzdata", Message: fmt.Sprintf("%q is neither reference nor current", muster.Clip(in.TZData, 20))}})
	}
	now, err := do(ctx, q, a, in, func(r *read, _ ResolveCases) (muster.Instant, error) { return r.Now(), nil })
	if err != nil {
		return out, err
	}
	out.TZData = z.Data().Version()
	var wrong []muster.FieldError
	work := rota.MaxWork
	for i, c := range in.Cases {
		if err := ctx.Err(); err != nil {
			return out, muster.WrapError(muster.ErrUnavailable, err, "The request was given up before every case was answered.")
		}
		got, err := rota.Answer(z, c, now, &work)
		if err != nil {
			told, ok := errors.AsType[*muster.Error](err)
			if !ok {
				return out, err
			}
			for _, f := range told.Fields {
				f.Path = fmt.Sprintf("cases[%d].%s", i, f.Path)
				wrong = append(wrong, f)
			}
		}
		out.Results = append(out.Results, ResolvedCase{ID: c.ID, Got: got})
	}
	return out, muster.Invalid("The cases are not right", wrong)
}
