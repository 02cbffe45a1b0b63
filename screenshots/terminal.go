package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// pollEvery is how often the screen is read, pollFast for what passes quickly. Each reading starts a process.
	pollEvery = 50 * time.Millisecond
	pollFast  = 10 * time.Millisecond
	// settled is how many readings in a row must be the same before a screen counts as finished. That takes longer than a
	// page that opens by itself ignores the keyboard.
	settled = 12
)

// terminal is a program in a tmux session of its own, apart from any other tmux of the user.
type terminal struct {
	socket        string
	columns, rows int
}

// startTerminal runs a program in the directory dir of a home, in a terminal of the given size with 24-bit colour. tmux
// keeps its files in the home.
func startTerminal(ctx context.Context, home, dir string, columns, rows int, argv ...string) (*terminal, error) {
	t := &terminal{socket: filepath.Join(home, ".tmux"), columns: columns, rows: rows}
	// The pane gets every row, and what the program left is still there when it has ended.
	conf := filepath.Join(home, ".tmux.conf")
	options := strings.Join([]string{
		"set -g status off",
		"set -g remain-on-exit on",
		"set -gq remain-on-exit-format ''",
		"set -g default-terminal xterm-256color",
		"set -s escape-time 0",
		"",
	}, "\n")
	if err := os.WriteFile(conf, []byte(options), 0o600); err != nil {
		return nil, err
	}
	// A program that sees TMUX asks tmux what the terminal outside can do, and there is none.
	command := append([]string{
		"env", "-u", "TMUX", "-u", "TMUX_PANE", "-u", "NO_COLOR", "TERM=xterm-256color", "COLORTERM=truecolor", "LC_ALL=C.UTF-8",
		"HOME=" + home, "XDG_STATE_HOME=/dev/null", // no picture is a first start
	}, argv...)
	_, err := t.tmux(ctx, append([]string{
		"-u", "-f", conf, "new-session", "-d", "-x", strconv.Itoa(columns), "-y", strconv.Itoa(rows), "-c", dir,
	}, command...)...)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// close ends the session and the program in it.
func (t *terminal) close() error {
	_, err := t.tmux(context.Background(), "kill-server")
	return err
}

// press sends keys by the names tmux gives them: "j", "Enter", "Escape", "Tab", "C-r", "Down".
func (t *terminal) press(ctx context.Context, keys ...string) error {
	_, err := t.tmux(ctx, append([]string{"send-keys", "--"}, keys...)...)
	return err
}

// enter sends a text as it is.
func (t *terminal) enter(ctx context.Context, text string) error {
	// tmux takes a semicolon at the end of an argument for the end of its command.
	if head, cut := strings.CutSuffix(text, ";"); cut {
		text = head + `\;`
	}
	_, err := t.tmux(ctx, "send-keys", "-l", "--", text)
	return err
}

// patience says what to wait for.
type patience int

const (
	untilSettled patience = iota // the condition holds and the screen has stopped changing
	atOnce                       // the condition holds, even for a moment
)

// wait reads the screen until the condition holds. It gives up when the context or the program ends.
func (t *terminal) wait(ctx context.Context, how patience, holds func(text string) bool) (screen, error) {
	every := pollEvery
	if how == atOnce {
		every = pollFast
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	last, same := "", 0
	for {
		raw, err := t.tmux(ctx, "capture-pane", "-p", "-e", ";", "display-message", "-p", "#{cursor_flag} #{cursor_x} #{cursor_y}")
		if err != nil {
			return screen{}, fmt.Errorf("%w; the screen was:\n%s", err, parse(last, t.columns, t.rows).text())
		}
		if same++; raw != last {
			last, same = raw, 0
		}
		s := parse(raw, t.columns, t.rows)
		if holds(s.text()) && (how == atOnce || same >= settled) {
			return s, nil
		}
		// What a program said last may come after its end.
		if same > 0 && same%settled == 0 && (strings.TrimSpace(s.text()) != "" || same > 4*settled) {
			if dead, err := t.tmux(ctx, "display-message", "-p", "#{pane_dead} #{pane_dead_status}"); err == nil && strings.HasPrefix(dead, "1") {
				// At times tmux does not know how a program ended.
				status := cmp.Or(strings.TrimSpace(dead[1:]), "unknown")
				return screen{}, fmt.Errorf("the program has ended with status %s; the screen was:\n%s", status, s.text())
			}
		}
		select {
		case <-ctx.Done():
			return screen{}, fmt.Errorf("%w; the screen was:\n%s", ctx.Err(), s.text())
		case <-tick.C:
		}
	}
}

// tmux runs one command on the session and returns its output.
func (t *terminal) tmux(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "tmux", append([]string{"-S", t.socket}, args...)...).Output()
	var failed *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("tmux is missing: install tmux: %w", err)
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &failed):
		return "", fmt.Errorf("tmux %s: %w: %s", args[0], err, strings.TrimSpace(string(failed.Stderr)))
	case err != nil:
		return "", fmt.Errorf("tmux %s: %w", args[0], err)
	}
	return string(out), nil
}
