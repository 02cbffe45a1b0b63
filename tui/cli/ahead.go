package cli

import (
	"errors"
	"sync/atomic"
	"time"

	"shunt/tui"
)

// ahead is a target that is being opened before the editor starts. If that fails, the error is printed on the command
// line, where it can be read and copied. If it takes long, the editor takes over the target, shows the progress, and can
// give up.
type ahead struct {
	path   string
	done   chan struct{} // closed when target and err are set
	target tui.Target
	err    error

	taken atomic.Bool
	tell  atomic.Pointer[func(what string)]
}

// patience is how long the command waits for its target before it starts the editor.
const patience = 700 * time.Millisecond

// openAhead starts to open a target.
func (b backend) openAhead(path string) *ahead {
	a := &ahead{path: path, done: make(chan struct{})}
	b.opts.Tell = a.say
	go func() {
		defer close(a.done)
		a.target, a.err = b.openNow(path)
	}()
	return a
}

func (a *ahead) say(what string) {
	if tell := a.tell.Load(); tell != nil {
		(*tell)(what)
	}
}

// soon returns the error if opening the target fails within the patience.
func (a *ahead) soon() error {
	select {
	case <-a.done:
		return a.err
	case <-time.After(patience):
		return nil
	}
}

// take hands the target over to the editor. It reports true once, for the path of the target.
func (a *ahead) take(path string, tell func(what string)) bool {
	if a.path != path || a.taken.Swap(true) {
		return false
	}
	a.tell.Store(&tell)
	return true
}

// close closes the target if the editor has not taken it. It does not wait for a target that is still being opened,
// because that may take long after the user has left. The end of the process frees that one.
func (a *ahead) close() error {
	select {
	case <-a.done:
	default:
		return nil
	}
	if a.taken.Load() || a.target == nil {
		return nil
	}
	return a.target.Close()
}

// editing runs the editor while its only target is being opened.
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
