// Command muster takes an alert and gets the right people to it: `muster demo` shows it, `muster serve` does it, and every
// other verb talks to a server.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/app"
	"github.com/muster-oncall/muster/internal/cli"
	"github.com/muster-oncall/muster/internal/config"
)

// version is set when a release is linked.
var version = "dev"

func main() {
	boundMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run picks the verb and gives the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	var err error
	switch verb {
	case "serve":
		var c config.Serve
		if c, err = config.ParseServe(args[1:], stdout, stderr); err == nil {
			err = app.Serve(ctx, c, stdout, stderr)
		}
	case "demo":
		var c config.Demo
		if c, err = config.ParseDemo(args[1:], stdout, stderr); err == nil {
			err = app.Demo(ctx, c, stdout, stderr)
		}
	case "backup":
		var c config.Backup
		if c, err = config.ParseBackup(args[1:], stdout, stderr); err == nil {
			err = app.Backup(ctx, c, stdout, stderr)
		}
	case "restore":
		var c config.Restore
		if c, err = config.ParseRestore(args[1:], stdout, stderr); err == nil {
			err = app.Restore(ctx, c, stdout)
		}
	case "migrate-store":
		var c config.MigrateStore
		if c, err = config.ParseMigrateStore(args[1:], stdout, stderr); err == nil {
			err = app.MigrateStore(ctx, c, stdout)
		}
	case "config":
		if len(args) < 2 || args[1] != "print" {
			err = muster.Errorf(muster.ErrInvalid, "After config comes print: muster config print.")
			break
		}
		var c config.Serve
		if c, err = config.ParseServe(args[2:], stdout, stderr); err == nil {
			_, err = fmt.Fprint(stdout, c.String())
		}
	case "audit":
		direct, aerr := app.AuditStore(ctx, args[1:], os.Getenv, stdout)
		if !direct {
			return cli.Run(ctx, args, cli.System(version))
		}
		err = aerr
	default:
		return cli.Run(ctx, args, cli.System(version))
	}
	if err == nil || errors.Is(err, config.ErrHelp) {
		return 0
	}
	fmt.Fprintln(stderr, "muster: "+err.Error())
	return muster.CodeOf(err).ExitStatus()
}
