// Shunt is a full-screen terminal partition editor. This file runs the worker if the process was started as one, and
// otherwise the command line, and exits with its code.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"shunt/ops/tool"
	"shunt/ops/worker"
	"shunt/tui/cli"
)

func main() {
	// Without it tools warn about files that a shell left open, and a commit that goes on keeps them open.
	_ = tool.CloseOnExec() // no edit depends on it
	if worker.Called() {
		os.Exit(worker.Main(os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop) // a second signal ends this process at once; a worker that commits goes on by itself
	code := cli.Main(ctx, os.Args, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}
