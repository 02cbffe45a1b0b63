package cli

import (
	"context"
	"os"
	"testing"
)

// TestWaitForAnswer waits for an answer that comes, an input that ends, and one that is silent until the user stops the program:
// then nobody is left that reads.
func TestWaitForAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w *os.File, stop func())
		want bool
	}{
		"answer":  {func(w *os.File, _ func()) { _, _ = w.WriteString("y\n") }, true},
		"end":     {func(w *os.File, _ func()) { _ = w.Close() }, true},
		"stopped": {func(_ *os.File, stop func()) { stop() }, false},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go c.do(w, stop)
		if got := waitFor(ctx, r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		stop()
		_, _ = r.Close(), w.Close() // the test is over
	}
}
