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
	// pollEvery is the time between two readings of the screen, pollFast for brief screens. Each reading starts a process.
	pollEvery = 50 * time.Millisecond
	pollFast  = 10 * time.Millisecond
	// settled is the number of equal readings in a row after which a screen is finished. That takes longer than the time
	// for which a page that opens by itself ignores keys.
	settled = 12
)

// terminal is a program in a tmux session of its own, separate from the user's tmux. A second session shows the first one, and
// the screen is read there: tmux does not tell the background of cells that a program has erased, but it draws it.
type terminal struct {
	socket, view  string // the sockets of the two sessions
	columns, rows int
	seen          func(screen) // called for each screen that differs from the one before; nil for none
}

// startTerminal runs a program in the directory dir below home, in a terminal of the given size with 24-bit colour. tmux
// keeps its files in home.
func startTerminal(ctx context.Context, home, dir string, columns, rows int, argv ...string) (*terminal, error) {
	t := &terminal{socket: filepath.Join(home, ".tmux"), view: filepath.Join(home, ".view"), columns: columns, rows: rows}
	// The pane gets every row, and its contents stay after the program has ended.
	conf := filepath.Join(home, ".tmux.conf")
	options := strings.Join([]string{
		"set -g status off",
		"set -g remain-on-exit on",
		"set -gq remain-on-exit-format ''",
		"set -g default-terminal xterm-256color",
		"set -s escape-time 0",
		"set -as terminal-features ',*:RGB'",
		"",
	}, "\n")
	if err := os.WriteFile(conf, []byte(options), 0o600); err != nil {
		return nil, err
	}
	// A program that sees TMUX would ask tmux for the abilities of the outer terminal, and there is none.
	command := append([]string{
		"env", "-u", "TMUX", "-u", "TMUX_PANE", "-u", "NO_COLOR", "TERM=xterm-256color", "COLORTERM=truecolor", "LC_ALL=C.UTF-8", "SHUNT_REHEARSE_AHEAD=off",
		"HOME=" + home, "XDG_STATE_HOME=/dev/null", // suppress the greeting of a first start
	}, argv...)
	start := []string{"-u", "-f", conf, "new-session", "-d", "-x", strconv.Itoa(columns), "-y", strconv.Itoa(rows), "-c", dir}
	if _, err := t.tmux(ctx, append(start, command...)...); err != nil {
		return nil, err
	}
	// A terminal of this type cannot erase with a colour, so spaces are sent instead.
	look := []string{"env", "-u", "TMUX", "TERM=screen-256color", "tmux", "-S", t.socket, "-u", "attach-session"}
	if _, err := tmux(ctx, t.view, append(start, look...)...); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// close ends the session and the program in it.
func (t *terminal) close() error {
	_, err := t.tmux(context.Background(), "kill-server")
	// The second session stays when the first one is gone, unless it never began.
	_, _ = tmux(context.Background(), t.view, "kill-server")
	return err
}

// press sends keys by their tmux names: "j", "Enter", "Escape", "Tab", "C-r", "Down".
func (t *terminal) press(ctx context.Context, keys ...string) error {
	_, err := t.tmux(ctx, append([]string{"send-keys", "--"}, keys...)...)
	return err
}

// enter sends a text literally.
func (t *terminal) enter(ctx context.Context, text string) error {
	// tmux treats a semicolon at the end of an argument as the end of its command.
	if head, cut := strings.CutSuffix(text, ";"); cut {
		text = head + `\;`
	}
	_, err := t.tmux(ctx, "send-keys", "-l", "--", text)
	return err
}

// patience selects how long wait waits.
type patience int

const (
	untilSettled patience = iota // the condition holds and the screen has stopped changing
	atOnce                       // the condition holds, even for a moment
)

// wait reads the screen until the condition holds. It returns an error when ctx or the program ends.
func (t *terminal) wait(ctx context.Context, how patience, holds func(text string) bool) (screen, error) {
	every := pollEvery
	if how == atOnce {
		every = pollFast
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	last, same := "", 0
	for {
		raw, err := tmux(ctx, t.view, "capture-pane", "-p", "-e", "-N", ";", "display-message", "-p",
			"#{cursor_flag} #{cursor_x} #{cursor_y}")
		if err != nil {
			return screen{}, fmt.Errorf("%w; the screen was:\n%s", err, parse(last, t.columns, t.rows).text())
		}
		if same++; raw != last {
			last, same = raw, 0
		}
		s := parse(raw, t.columns, t.rows)
		if same == 0 && t.seen != nil {
			t.seen(s)
		}
		if holds(s.text()) && (how == atOnce || same >= settled) {
			return s, nil
		}
		// The last output of a program may arrive after its end.
		if same > 0 && same%settled == 0 && (strings.TrimSpace(s.text()) != "" || same > 4*settled) {
			if dead, err := t.tmux(ctx, "display-message", "-p", "#{pane_dead} #{pane_dead_status}"); err == nil &&
				strings.HasPrefix(dead, "1") {
				// Sometimes tmux does not know the status.
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

// tmux runs one command on the session of the program and returns its output.
func (t *terminal) tmux(ctx context.Context, args ...string) (string, error) {
	return tmux(ctx, t.socket, args...)
}

// tmux runs one command on the session with a socket and returns its output.
func tmux(ctx context.Context, socket string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "tmux", append([]string{"-S", socket}, args...)...).Output()
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
