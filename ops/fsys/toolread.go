package fsys

import (
	"context"
	"errors"
	"io"
	"sync"

	"shunt/model/safetext"
	runner "shunt/ops/tool"
)

// toolContent is the content of a file that a tool prints from its beginning to its end. A read at a place behind the
// last one continues, and a read at any other place starts the tool anew.
type toolContent struct {
	ctx  context.Context //nolint:containedctx // a Content is read without one
	argv []string
	env  []string
	size int64

	mu   sync.Mutex
	at   int64 // where the next byte lies
	out  *io.PipeReader
	stop context.CancelFunc
	end  chan struct{} // closed when the tool has ended
}

func newToolContent(ctx context.Context, size int64, env []string, argv ...string) *toolContent {
	return &toolContent{ctx: ctx, argv: argv, env: env, size: size}
}

func (t *toolContent) Size() int64 { return t.size }

func (t *toolContent) Data(off int64) (from, to int64, err error) {
	return min(off, t.size), t.size, nil
}

func (t *toolContent) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errNegative
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if off >= t.size {
		return 0, io.EOF
	}
	if t.out == nil || off < t.at {
		t.halt()
		t.start()
	}
	p2 := p[:min(int64(len(p)), t.size-off)]
	_, err := io.CopyN(io.Discard, t.out, off-t.at)
	n := 0
	if err == nil {
		n, err = io.ReadFull(t.out, p2)
	}
	t.at = off + int64(n)
	if err != nil {
		t.halt()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = broken("the file should have %d bytes, and %s reads only %d of them", t.size, t.argv[0], t.at)
		}
		return n, err
	}
	return n, eof(n < len(p))
}

// start starts the tool. What it says on its standard error becomes the error of the read that fails.
func (t *toolContent) start() {
	ctx, stop := context.WithCancel(t.ctx)
	out, in := io.Pipe()
	t.out, t.stop, t.at, t.end = out, stop, 0, make(chan struct{})
	go func(end chan struct{}) {
		defer close(end)
		result, err := runner.Run(ctx, runner.Cmd{Argv: t.argv, Env: append([]string{"TZ=UTC"}, t.env...), Stdout: in})
		if err == nil && result.Exit != 0 {
			err = &ToolError{Argv: t.argv, Exit: result.Exit, Output: safetext.Lines(result.Output)}
		}
		_ = in.CloseWithError(err) // never fails
	}(t.end)
}

// halt ends the tool.
func (t *toolContent) halt() {
	if t.out == nil {
		return
	}
	t.stop()
	_ = t.out.Close() // the tool may still write
	<-t.end
	t.out = nil
}

func (t *toolContent) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.halt()
	return nil
}
