package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// scenario is one run of the program and the pictures taken on the way.
type scenario struct {
	name          string
	title         string   // of the window in the pictures
	args          []string // of the program
	columns, rows int
	// prepare, if set, runs in the empty directory before the program starts there.
	prepare func(ctx context.Context, dir, program string) error
	steps   []step
}

// step presses keys, types a text, waits for the screen, and may take a picture, in this order. Every part is optional.
type step struct {
	keys  string         // names of keys for tmux, separated by spaces: "j m Tab"
	types string         // text to type
	until *regexp.Regexp // text that the screen must show; nil waits until it stops changing
	how   patience       // atOnce for a screen that is visible only briefly
	snap  string         // name of the picture without extension
}

// stepTime is how long one step may take.
const stepTime = time.Minute

// momentTime is the same for a screen that is visible only briefly: by then it has passed.
const momentTime = 15 * time.Second

// errMissed is returned when a brief screen was missed: a fast disk, or a file system that shares blocks, finishes too
// soon.
var errMissed = errors.New("it passed before it could be seen")

func shows(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// scenarios returns the scenarios of the pictures: the founding example on the practice image, and the disk of a server.
func scenarios() []scenario {
	const title = "shunt stick.raw"
	stick := []string{"demo", "stick.raw"}
	return []scenario{
		{
			name: "founding", title: title, args: stick, columns: 100, rows: 30,
			steps: append(
				stage("resize-move"),
				// Any key replaces the message by the key bar.
				step{keys: "Up", until: shows(`m resize/move`), snap: "editor"},
				step{keys: "a", until: shows(`Apply to stick\.raw\?`), snap: "rehearsal"},
				step{keys: "y", until: shows(`The disk now`), snap: "result"},
			),
		},
		{
			name: "small", title: title, args: stick, columns: 80, rows: 24,
			steps: append(stage(""), step{keys: "Up", until: shows(`m resize/move`), snap: "editor-80x24"}),
		},
		{
			name: "room", title: "shunt server.raw", args: []string{"server.raw"}, prepare: full, columns: 100, rows: 30,
			steps: []step{
				{until: shows(`p6 +ext4`)},
				{keys: "Down g", until: shows(`Make room for p2`)},
				{types: "+2GiB", until: shows(`more than now`), snap: "make-room"},
			},
		},
		{
			// With the plain practice image the commit would end before the picture is taken.
			name: "applying", title: title, args: stick, prepare: fill, columns: 100, rows: 30,
			steps: append(
				stage(""),
				step{keys: "a", until: shows(`Apply to stick\.raw\?`)},
				step{keys: "y", until: shows(`(?s)Applying to stick\.raw.* [2-8][0-9] %`), how: atOnce, snap: "applying"},
				step{until: shows(`Done`)},
			),
		},
		{
			name: "recovery", title: title, args: []string{"stick.raw"}, prepare: interrupt, columns: 100, rows: 30,
			steps: []step{{until: shows(`was interrupted`), snap: "recovery"}},
		},
		{
			name: "picker", title: "shunt", prepare: images, columns: 100, rows: 30,
			steps: []step{
				{until: shows(`GPT, 6 partitions`)},
				{keys: "Down", until: shows(`GPT with 6 partitions`), snap: "picker"},
			},
		},
	}
}

// stage returns the steps that make the three operations pending. dialog names the picture of the dialog, or is "".
func stage(dialog string) []step {
	return []step{
		{until: shows(`p2 +ext4`)},

		// Enlarge the image by 2 GiB.
		{keys: "z", until: shows(`Image size`)},
		{types: "+2GiB", until: shows(`by 2\.00 GiB`)},
		{keys: "Enter", until: shows(`1 pending`)},

		// Move p2 right by 1024 MiB. The field for the free space before it has the keyboard.
		{keys: "Down m", until: shows(`Free space preceding`)},
		{types: "+1024MiB", until: shows(`copies`), snap: dialog},
		{keys: "Enter", until: shows(`2 pending`)},

		// Grow p1 into the gap, which is listed between the two.
		{keys: "Up Up m", until: shows(`Free space preceding`)},
		{keys: ">", until: shows(`Grow p1`)},
		{keys: "Enter", until: shows(`3 pending`)},
	}
}

// tries is how often a scenario is repeated until its brief screen was caught.
const tries = 5

// play runs the program until every picture was taken, and passes each one to keep. It repeats a scenario that missed a
// brief screen.
func (s scenario) play(ctx context.Context, program string, keep func(snap string, s screen) error) (err error) {
	for range tries {
		taken := map[string]screen{}
		var order []string
		err = s.playOnce(ctx, program, func(snap string, s screen) error {
			taken[snap], order = s, append(order, snap)
			return nil
		})
		if err == nil {
			for _, snap := range order {
				err = errors.Join(err, keep(snap, taken[snap]))
			}
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return err
}

// playOnce runs the program in an empty directory.
func (s scenario) playOnce(ctx context.Context, program string, keep func(snap string, s screen) error) (err error) {
	home, err := os.MkdirTemp("", "shunt-screens-")
	if err != nil {
		return err
	}
	defer func() {
		if cleanup := os.RemoveAll(home); err == nil {
			err = cleanup
		}
	}()
	dir := filepath.Join(home, "images")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if s.prepare != nil {
		if err := s.prepare(ctx, dir, program); err != nil {
			return err
		}
	}
	t, err := startTerminal(ctx, home, dir, s.columns, s.rows, append([]string{program}, s.args...)...)
	if err != nil {
		return err
	}
	defer func() {
		if end := t.close(); err == nil {
			err = end
		}
	}()
	for i, step := range s.steps {
		if err := t.step(ctx, step, keep); err != nil {
			return fmt.Errorf("step %d (keys %q, text %q, until %v): %w", i+1, step.keys, step.types, step.until, err)
		}
	}
	return nil
}

func (t *terminal) step(ctx context.Context, s step, keep func(snap string, s screen) error) error {
	limit := stepTime
	if s.how == atOnce {
		limit = momentTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// Send the next input only after the screen has answered the key.
	var pending bool
	settle := func() error {
		if !pending || s.how == atOnce {
			return nil
		}
		_, err := t.wait(ctx, untilSettled, func(string) bool { return true })
		return err
	}
	for _, key := range strings.Fields(s.keys) {
		if err := settle(); err != nil {
			return err
		}
		if err := t.press(ctx, key); err != nil {
			return err
		}
		pending = true
	}
	if s.types != "" {
		if err := settle(); err != nil {
			return err
		}
		if err := t.enter(ctx, s.types); err != nil {
			return err
		}
	}
	shown, err := t.wait(ctx, s.how, func(text string) bool { return s.until == nil || s.until.MatchString(text) })
	if err != nil && s.how == atOnce {
		return fmt.Errorf("%w: %w", errMissed, err)
	}
	if err != nil || s.snap == "" {
		return err
	}
	return keep(s.snap, shown)
}
