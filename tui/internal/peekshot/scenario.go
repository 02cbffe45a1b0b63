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


func scenarios() []scenario {
	var out []scenario
	cols, rows := 80, 24
	fmt.Sscanf(os.Getenv("SIZE"), "%dx%d", &cols, &rows)
	sc := scenario{name: "x", title: "shunt", args: strings.Fields(os.Getenv("ARGS")), columns: cols, rows: rows}
	for i, k := range strings.Split(os.Getenv("KEYS"), ";") {
		st := step{}
		if strings.HasPrefix(k, "=") { st.types = k[1:] } else { st.keys = k }
		st.snap = fmt.Sprintf("%s%d", os.Getenv("NAME"), i)
		sc.steps = append(sc.steps, st)
	}
	return append(out, sc)
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
