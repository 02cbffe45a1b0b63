package main

import (
	"context"
	"fmt"
	"os"
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
	steps         []step
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

// scenarios are the pictures of the README: the founding example, from the practice image to the finished work.
func scenarios() []scenario {
	return []scenario{{
		name:    "founding",
		title:   "shunt stick.raw",
		args:    []string{"demo", "stick.raw"},
		columns: 100,
		rows:    30,
		steps: []step{
			{until: shows(`p2 +ext4`)},

			// Enlarge the image by 2 GiB.
			{keys: "z", until: shows(`Image size`)},
			{types: "+2GiB", until: shows(`by 2\.00 GiB`)},
			{keys: "Enter", until: shows(`1 pending`)},

			// Move p2 right by 1024 MiB. The field for the free space before it has the keyboard.
			{keys: "Down m", until: shows(`Free space preceding`)},
			{types: "+1024MiB", until: shows(`is not copied`), snap: "resize-move"},
			{keys: "Enter", until: shows(`2 pending`)},

			// Grow p1 into the gap.
			{keys: "Up m", until: shows(`Free space preceding`)},
			{keys: ">", until: shows(`Grow p1`)},
			{keys: "Enter", until: shows(`3 pending`), snap: "editor"},

			{keys: "a", until: shows(`Apply to stick\.raw\?`), snap: "rehearsal"},
			{keys: "y", until: shows(`(?s)Applying to stick\.raw.* of [0-9.]+ .iB`), how: atOnce, snap: "applying"},
			{until: shows(`Done`)},
		},
	}}
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
