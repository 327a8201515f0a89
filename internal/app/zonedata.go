package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// zoneWatch is what is known about the file or directory with the time zones.
type zoneWatch struct {
	watching sync.WaitGroup
	mu       sync.Mutex
	taken    string // state of the path when it was read last, whether or not it could be used
	seen     string // state at the last look
}

const (
	// zoneLook is how often the path is looked at.
	zoneLook = time.Minute
	// lastZones is the file in the data directory that holds the data which was used last.
	lastZones = "zoneinfo-last.zip"
)

// openZones reads the configured data at the start, before anything decides.
func (a *App) openZones() error {
	if a.TZData == "" {
		return nil
	}
	d, state, err := readZones(a.TZData)
	if err != nil {
		return err
	}
	a.zones.taken, a.zones.seen = state, state
	a.Live.UseZones(rota.NewZonesFrom(d))
	return nil
}

// compareZones tells people of the hand-offs that move because this start, perhaps of a new version, brings other data
// than the last one. Nothing here keeps Muster from starting.
func (a *App) compareZones(ctx context.Context) {
	zones := a.Live.Zones()
	for _, name := range a.missing(zones) {
		a.Log.Error("the time zone data lacks a zone that the catalog names: who follows its clocks is not on call", "zone", name, "data", zones.Data().String())
	}
	b, err := os.ReadFile(a.lastZones())
	if err == nil && bytes.Equal(b, zones.Data().Zip()) {
		return
	}
	if err == nil {
		old, err := rota.ReadZoneData(b)
		if err == nil {
			_, err = a.Commands.ZoneDataChanged(ctx, rota.NewZonesFrom(old.From("of the last start")), zones)
		}
		if err != nil {
			a.Log.Error("people cannot be told which hand-offs new time zone data moves", "error", err)
		}
	}
	a.keepZones(zones.Data())
}

func (a *App) lastZones() string { return filepath.Join(a.Data, lastZones) }

func (a *App) keepZones(d *rota.ZoneData) {
	tmp := a.lastZones() + ".new"
	err := os.WriteFile(tmp, d.Zip(), 0o600)
	if err == nil {
		err = os.Rename(tmp, a.lastZones())
	}
	if err != nil {
		a.Log.Warn("the time zone data cannot be kept in the data directory: the next start cannot say what it changes", "error", err)
	}
}

// missing lists the zones that the catalog names and the data lacks.
func (a *App) missing(zones *rota.Zones) (names []string) {
	seen := map[string]bool{}
	look := func(name string) {
		if name != "" && !seen[name] && !zones.Data().Has(name) {
			names = append(names, name)
		}
		seen[name] = true
	}
	c := a.Live.Current().Catalog
	for _, d := range c.All() {
		switch d := d.(type) {
		case *muster.User:
			look(d.Zone)
		case *muster.Roster:
			for i := range d.Rotations {
				look(d.Rotations[i].Zone)
			}
		}
	}
	return names
}

// watchZones looks at the path until the app stops. A change is taken over at the second look that finds the same state,
// so that data which is still being copied is left alone.
func (a *App) watchZones() {
	if a.TZData == "" {
		return
	}
	a.zones.watching.Go(func() {
		tick := time.NewTicker(zoneLook)
		defer tick.Stop()
		for {
			select {
			case <-a.ctx.Done():
				return
			case <-tick.C:
				a.lookAtZones(a.ctx)
			}
		}
	})
}

func (a *App) lookAtZones(ctx context.Context) {
	state, err := stateOf(a.TZData)
	a.zones.mu.Lock()
	settled, known := state == a.zones.seen, state == a.zones.taken
	a.zones.seen = state
	a.zones.mu.Unlock()
	if err != nil {
		if !settled {
			a.Log.Error("the time zone data cannot be looked at: Muster goes on with what it has", "path", a.TZData, "error", err)
		}
		return
	}
	if known || !settled {
		return
	}
	if err := a.ReloadZones(ctx); err != nil && ctx.Err() == nil {
		a.Log.Error("the new time zone data cannot be used: Muster goes on with what it has", "path", a.TZData, "error", err)
	}
}

// ReloadZones reads the configured data now, and decides with it from here on. Data that cannot be used changes nothing.
func (a *App) ReloadZones(ctx context.Context) error {
	if a.TZData == "" {
		return nil
	}
	a.zones.mu.Lock()
	defer a.zones.mu.Unlock()
	d, state, err := readZones(a.TZData)
	a.zones.taken = state
	if err != nil {
		return err
	}
	old, fresh := a.Live.Zones(), rota.NewZonesFrom(d)
	if bytes.Equal(old.Data().Zip(), d.Zip()) {
		return nil
	}
	if lacks := a.missing(fresh); len(lacks) > 0 {
		return muster.Errorf(muster.ErrInvalid, "The data lacks zones that the catalog names, such as %s: take data with all names, or change the documents.", lacks[0])
	}
	a.Live.UseZones(fresh)
	moved, err := a.Commands.ZoneDataChanged(ctx, old, fresh)
	a.Log.Info("time zone data replaced", "before", old.Data().String(), "after", d.String(), "moved", len(moved))
	if err != nil {
		return fmt.Errorf("the new data is in use, but people cannot be told which hand-offs it moves: %w", err)
	}
	if err := a.Commands.ArmRosters(ctx); err != nil {
		return fmt.Errorf("the new data is in use, but people are reminded of shifts by the old: %w", err)
	}
	a.keepZones(d)
	return nil
}

// reloadOnSignal reads the data again when the process is sent SIGHUP. The function that it gives ends this.
func (a *App) reloadOnSignal() (stop func()) {
	hup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-hup:
				if err := a.ReloadZones(a.ctx); err != nil {
					a.Log.Error("the time zone data cannot be read again: Muster goes on with what it has", "path", a.TZData, "error", err)
				}
			}
		}
	}()
	return func() {
		signal.Stop(hup)
		close(done)
	}
}
