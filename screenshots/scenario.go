package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
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
	// prepare is done in the empty directory before the program starts there, if it is set.
	prepare func(ctx context.Context, dir, program string) error
	steps   []step
}

// step presses keys, types a text, waits for the screen, and may take a picture of it, in this order. Every part may
// be left out.
type step struct {
	keys  string         // names of keys as tmux has them, with spaces between: "j m Tab"
	types string         // text that is typed as it is
	until *regexp.Regexp // what the screen has to show; nil waits until it stops changing
	how   patience       // atOnce for what passes quickly
	snap  string         // name of the picture, without its ending
}

// stepTime is how long one step may take.
const stepTime = time.Minute

func shows(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// scenarios are the pictures of the README: the founding example on the practice image.
func scenarios() []scenario {
	args := []string{"demo", "stick.raw"}
	return []scenario{
		{
			name:    "founding",
			title:   "shunt stick.raw",
			args:    args,
			columns: 100,
			rows:    30,
			steps: append(
				stage("resize-move"),
				// Any key takes the message from the line of keys.
				step{keys: "Up", until: shows(`m resize/move`), snap: "editor"},
				step{keys: "a", until: shows(`Apply to stick\.raw\?`), snap: "rehearsal"},
				step{keys: "y", until: shows(`Done`)},
			),
		},
		{
			name:  "applying",
			title: "shunt stick.raw",
			args:  args,
			// The practice image as it is would be done before anybody could look.
			prepare: fill,
			columns: 100,
			rows:    30,
			steps: append(
				stage(""),
				step{keys: "a", until: shows(`Apply to stick\.raw\?`)},
				step{keys: "y", until: shows(`(?s)Applying to stick\.raw.* [1-9][0-9] %`), how: atOnce, snap: "applying"},
				step{until: shows(`Done`)},
			),
		},
	}
}

// stage makes the three operations pending. dialog names the picture of the dialog, if one is wanted.
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

// fill makes the practice image with p2 nearly full, so that moving it takes a moment.
func fill(ctx context.Context, dir, program string) error {
	if err := exec.CommandContext(ctx, program, "demo", "--make-only", filepath.Join(dir, "stick.raw")).Run(); err != nil {
		return fmt.Errorf("make the practice image: %w", err)
	}
	film := filepath.Join(dir, "film")
	if err := os.WriteFile(film, bytes.Repeat([]byte("film"), 100<<20), 0o600); err != nil {
		return err
	}
	// p2 begins at sector 989184.
	write := exec.CommandContext(ctx, "debugfs", "-w", "-R", "write film film.mp4", "stick.raw?offset=506462208")
	write.Dir = dir
	if out, err := write.CombinedOutput(); err != nil {
		return fmt.Errorf("put a file into p2: %w: %s", err, out)
	}
	return os.Remove(film)
}

// play runs the program in an empty directory and hands every picture to keep.
func (s scenario) play(ctx context.Context, program string, keep func(snap string, s screen) error) (err error) {
	dir, err := os.MkdirTemp("", "shunt-screens-")
	if err != nil {
		return err
	}
	defer func() {
		if cleanup := os.RemoveAll(dir); err == nil {
			err = cleanup
		}
	}()
	if s.prepare != nil {
		if err := s.prepare(ctx, dir, program); err != nil {
			return err
		}
	}
	t, err := startTerminal(ctx, dir, s.columns, s.rows, append([]string{program}, s.args...)...)
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
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	// What follows a key is sent when the screen has answered it.
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
	if err != nil || s.snap == "" {
		return err
	}
	return keep(s.snap, shown)
}
