// Shunt is a full-screen terminal partition editor. This file only wires: the process is a worker if it was started
// as one, else the command line, and how that ends becomes the exit code.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"shunt/ops/worker"
	"shunt/tui/cli"
)

func main() {
	if worker.Called() {
		os.Exit(worker.Main(os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop) // a second signal ends this process at once: the worker finishes what it has begun by itself
	code := cli.Main(ctx, os.Args, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}
