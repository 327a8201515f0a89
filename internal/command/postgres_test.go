package command_test

import (
	"testing"

	"github.com/muster-oncall/muster/internal/store/freshdb"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

// The core once more on PostgreSQL, in real time: what does not need time to go on.
func TestTheCoreOnPostgres(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]func(*world){
		"the same condition": sameCondition, "many senders": manySenders, "a route declares": routeDeclares,
		"not after an acknowledgement": notAfterAck, "in flight": ackInFlight, "fencing": fencing, "begun again": begunAgain,
		"no further attempt in a silence": noFurtherAttempt,
		"documents":                       ifMatch, "apply": allOrNone, "incident": incidentLife, "status page": openUpdateClose,
		"only the new page": onlyTheNewPage, "many alerts look again": manyLookAgain,
		"keys": keys, "sessions of keys": sessionsOfKeys, "security log": auditChain,
		"overrides": overrides, "take the pager": takeThePager, "undo": undo, "revert": revert, "accepted warnings": acceptedWarnings,
		"shifts change": shiftsChange, "swap": swapChangesHands, "swaps in exchange": swapsInExchange, "swaps refused": swapsRefused,
		"a note of taking the pager": noteOfTaking, "many accept": manyAccept,
		"shadow": shadow, "page the expert": pageTheExpert,
		"notices": noticesOnce, "heartbeats": heartbeatFails, "proposals": toldOfProposals, "contact tests": contactTests,
		"a restored installation pages again": restoredPagesAgain,
		"a rejected signal is replayed":       replays, "many replay one signal": manyReplay,
		"a part that cannot be read": partlyRead,
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, freshdb.Postgres(t, storetest.Server(t)), t.TempDir())
			defer w.close()
			w.seed()
			story(w)
		})
	}
	t.Run("setup", func(t *testing.T) {
		w := open(t, freshdb.Postgres(t, storetest.Server(t)), t.TempDir())
		defer w.close()
		setupOnce(w)
	})
}
