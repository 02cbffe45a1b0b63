package cli

import (
	"errors"
	"sync"
	"time"

	"shunt/tui"
)

// ahead is a target that is being opened while the terminal is made ready. One that cannot be opened is told on the
// command line, where it can be read and copied; one that takes long is handed over to the editor, which shows what is
// being done and can give it up.
type ahead struct {
	path   string
	done   chan struct{} // closed when target and err are set
	target tui.Target
	err    error

	mu    sync.Mutex
	taken bool
	tell  func(what string)
}

// patience is how long the editor waits for its target before it shows itself.
const patience = 700 * time.Millisecond

// openAhead begins to open a target.
func (b backend) openAhead(path string) *ahead {
	a := &ahead{path: path, done: make(chan struct{})}
	b.opts.Tell = a.say
	go func() {
		defer close(a.done)
		a.target, a.err = b.Open(path)
	}()
	return a
}

func (a *ahead) say(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tell != nil {
		a.tell(what)
	}
}

// soon is why the target cannot be opened, if that turns out within the patience.
func (a *ahead) soon() error {
	select {
	case <-a.done:
		return a.err
	case <-time.After(patience):
		return nil
	}
}

// take reports whether it is the target of that path, the first time it is asked.
func (a *ahead) take(path string, tell func(what string)) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken || a.path != path {
		return false
	}
	a.taken, a.tell = true, tell
	return true
}

// close closes the target if nobody has taken it. One that is still being opened is not waited for, as that may take long
// and whoever has left the editor waits for the prompt: the end of the process frees what it has by then.
func (a *ahead) close() error {
	select {
	case <-a.done:
	default:
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken || a.target == nil {
		return nil
	}
	return a.target.Close()
}

// editing runs the editor with the only target already being opened.
func (b backend) editing(paths []string, edit func(b backend) error) error {
	if len(paths) != 1 {
		return edit(b)
	}
	b.ahead = b.openAhead(paths[0])
	if err := b.ahead.soon(); err != nil {
		return err
	}
	return errors.Join(edit(b), b.ahead.close())
}
