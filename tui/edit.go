package tui

import (
	"context"
	"errors"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	"shunt/tui/styles"
)

// parting is how long a terminal has for the last of what it is sent, once the editor was told to end. One that takes
// nothing any more, since it was stopped or nobody reads it, must not keep the process.
const parting = 2 * time.Second

// Edit shows the editor until the user leaves it or ctx ends, and closes all targets. A commit that is under way when the
// terminal vanishes goes on. What stays behind, such as a mounted partition, is returned in a line each when the user left.
//
// Once ctx has ended a terminal that takes no more output is waited for no longer than a moment. It is left as it is then,
// save that its keys work as before, and the end of the process closes the targets.
func Edit(ctx context.Context, o Options) (behind []string, err error) {
	// The library's own handler of SIGTERM waits for a loop that the end of ctx ends as well, and would hang.
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if o.Glyphs == styles.Unicode {
		o.Glyphs = styles.DetectGlyphs(os.Getenv)
	}
	// By convention NO_COLOR counts with any value; the library takes it for a yes or no.
	if o.NoColor || os.Getenv("NO_COLOR") != "" {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	o.NoBar = o.NoBar || barless(os.Getenv)
	speed := &pace{hold: paceHold}
	speed.program = tea.NewProgram(paced{New(o), speed}, options...)
	keyboard, noKeyboard := term.GetState(os.Stdin.Fd())
	over := make(chan ending, 1)
	go func() {
		last, err := speed.program.Run()
		over <- ending{last, err}
	}()
	select {
	case end := <-over:
		return end.close(ctx)
	case <-ctx.Done():
	}
	select {
	case end := <-over:
		return end.close(ctx)
	case <-time.After(parting):
	}
	if noKeyboard == nil {
		return nil, term.Restore(os.Stdin.Fd(), keyboard)
	}
	return nil, nil
}

// ending is how the program has ended.
type ending struct {
	model tea.Model
	err   error
}

// close closes the targets and tells what stays behind.
func (e ending) close(ctx context.Context) (behind []string, err error) {
	m, ok := e.model.(paced)
	if ok {
		for _, d := range m.docs {
			if d.target != nil {
				closeTarget(d.target)()
			}
		}
	}
	switch {
	case ctx.Err() != nil && errors.Is(e.err, tea.ErrProgramKilled):
		return nil, nil // it was told to end, and did
	case ok && e.err == nil:
		behind = m.behind()
	}
	return behind, e.err
}
