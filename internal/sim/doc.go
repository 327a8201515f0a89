// Package sim is the machine that tries to break Muster. From one seed it draws a company (people, contact methods,
// rosters, policies, services), what happens to it in some hours of virtual time (signals, acknowledgements, edits,
// silences), and what goes wrong meanwhile (crashes at named places, a store that fails before or after its commit,
// providers that answer 500 or 429, hang, break off, or take a page and fail to say so). It lets the whole application
// live through that in a bubble of testing/synctest, and then a checker with a model of its own compares what was sent,
// what the phones received and what was answered with the numbered promises of docs/reliability.md. A shrinker takes a
// failing story apart until only what matters is left.
//
// It may import app, mustertest, store (the interfaces, to stand in front of a store and to look into one) and the root
// package. It must not import a decider: a checker that shares code with what it checks agrees with every mistake.
//
// Limits. What is drawn from a seed is always the same; how goroutines interleave at one instant is not, so a violation
// that needs such an accident may need several runs of its seed. The database is SQLite. An operating system that loses
// writes is not simulated, nor are several nodes: the kill and failover tests have those.
package sim
