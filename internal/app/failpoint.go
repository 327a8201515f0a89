package app

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// failpointEnv names a place at which the process ends itself with SIGKILL, as a power cut would: "deliver-after-call",
// or "deliver-after-call#3" for the third time. It is for crash tests: without it nothing happens.
const failpointEnv = "MUSTER_FAILPOINT"

// Failpoints lists the places, in the order in which a page passes them.
func Failpoints() []string {
	return []string{
		"commit: before", "commit: after", "commit: reply", "deliver-before-start", "deliver-after-start", "deliver-after-call",
		"deliver-after-result", "timer-before", "timer-after",
	}
}

// failpoint returns the function that ends the process at the place that the environment names, nil when it names none.
func failpoint(env string) func(string) {
	if env == "" {
		return nil
	}
	name, count := env, 1
	if i := strings.LastIndexByte(env, '#'); i >= 0 {
		if n, err := strconv.Atoi(env[i+1:]); err == nil {
			name, count = env[:i], n
		}
	}
	var seen atomic.Int64
	return func(at string) {
		if at == name && seen.Add(1) == int64(count) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way: do nothing more
		}
	}
}
