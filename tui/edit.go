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

// parting is how long Edit waits for the terminal after ctx has ended. A terminal that was stopped, or that nobody reads,
// must not keep the process alive.
const parting = 2 * time.Second

// Edit runs the editor until the user leaves it or ctx ends, and closes all targets. A commit in progress continues if
// the terminal disappears. When the user leaves, behind lists unfinished things, such as a mounted partition, one line
// each.
//
// After the end of ctx, Edit waits only a moment for a terminal that accepts no output. It then restores the keyboard
// settings and returns; the end of the process closes the targets.
func Edit(ctx context.Context, o Options) (behind []string, err error) {
	// The library's handler of SIGTERM would wait for its event loop, which the end of ctx stops as well, and hang.
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if o.Glyphs == styles.Unicode {
		o.Glyphs = styles.DetectGlyphs(os.Getenv)
	}
	// By convention any value of NO_COLOR turns colours off; the library parses it as a boolean.
	if o.NoColor || os.Getenv("NO_COLOR") != "" {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	o.NoSuspend = o.NoSuspend || !jobControl()
	o.NoBar = o.NoBar || misreadsBar(os.Getenv)
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

// ending is the result of the program.
type ending struct {
	model tea.Model
	err   error
}

// close closes the targets and returns what is left unfinished.
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
		return nil, nil // the end of ctx is no error
	case ok && e.err == nil:
		behind = m.leftovers()
	}
	return behind, e.err
}
