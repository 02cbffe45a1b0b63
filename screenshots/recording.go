package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"
)

// A recording is the founding example from the first key to the result, in two forms: what the program sent to the terminal,
// as an asciicast (https://docs.asciinema.org/manual/asciicast/v2/), and the screens as a moving picture.

// recordingName is the name of both files without extension, and of the scenario for -only.
const recordingName = "recording"

// recordingTime is how long a recording lasts, without the time for which the last screen stays.
const recordingTime = 27 * time.Second

// longestPause is the longest time without a change in a recording. Waiting for a slow machine shows nothing.
const longestPause = 1500 * time.Millisecond

// output is a piece of what the program sent.
type output struct {
	at   time.Duration
	text string
}

// frame is a screen, and when it appeared.
type frame struct {
	at     time.Duration
	screen screen
}

func recordingScenario() scenario {
	return scenario{
		name: recordingName, title: "shunt stick.raw", args: []string{"demo", "stick.raw"}, columns: 80, rows: 24,
		steps: append(
			stage(""),
			step{keys: "a", until: shows(`Apply to stick\.raw\?`)},
			step{keys: "y", until: shows(`The disk now`)},
			step{keys: "Escape", until: shows(`Nothing yet`)},
		),
	}
}

// record plays the scenario and writes NAME.cast and NAME.svg into a directory. After an error each file may be missing, old
// or incomplete.
func record(ctx context.Context, program, dir string) error {
	s := recordingScenario()
	outputs, frames, err := s.film(ctx, program)
	if err != nil {
		return err
	}
	var times []*time.Duration
	for i := range outputs {
		times = append(times, &outputs[i].at)
	}
	retime(times)
	times = nil
	for i := range frames {
		times = append(times, &frames[i].at)
	}
	retime(times)
	path := filepath.Join(dir, recordingName)
	return errors.Join(os.WriteFile(path+".cast", asciicast(s, outputs), 0o644), os.WriteFile(path+".svg", movingSVG(frames), 0o644))
}

// retime makes pauses shorter that are too long, and stretches what is left to recordingTime. The first time becomes 0. The
// times are ascending.
func retime(times []*time.Duration) {
	var was, now time.Duration
	for i, t := range times {
		pause := *t - was
		if was = *t; i == 0 {
			pause = 0
		}
		now += min(pause, longestPause)
		*t = now
	}
	for _, t := range times {
		*t = time.Duration(float64(*t) * float64(recordingTime) / float64(max(1, now)))
	}
}

// asciicast returns the recording in version 2 of the format.
func asciicast(s scenario, outputs []output) []byte {
	var b bytes.Buffer
	line := json.NewEncoder(&b)
	line.SetEscapeHTML(false)
	_ = line.Encode(map[string]any{ // a buffer takes everything
		"version": 2, "width": s.columns, "height": s.rows, "title": s.title, "env": map[string]string{"TERM": "xterm-256color"},
	})
	for _, o := range outputs {
		_ = line.Encode([]any{float64(o.at.Milliseconds()) / 1000, "o", o.text})
	}
	return b.Bytes()
}

// film plays the scenario, and returns what the program sent and the screens that were seen.
func (s scenario) film(ctx context.Context, program string) (outputs []output, frames []frame, err error) {
	home, err := os.MkdirTemp("", "shunt-film-")
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	dir, pipe, begin := filepath.Join(home, "images"), filepath.Join(home, "pipe"), filepath.Join(home, "begin")
	if err := errors.Join(os.Mkdir(dir, 0o700), syscall.Mkfifo(pipe, 0o600)); err != nil {
		return nil, nil, err
	}
	// The program starts when the pipe is in place, so that nothing is missing.
	waiting := []string{"sh", "-c", `until [ -e "$0" ]; do sleep 0.05; done; exec "$@"`, begin, program}
	t, err := startTerminal(ctx, home, dir, s.columns, s.rows, append(waiting, s.args...)...)
	if err != nil {
		return nil, nil, err
	}
	var once sync.Once
	var ended error
	end := func() { once.Do(func() { ended = t.close() }) }
	defer func() { end(); err = errors.Join(err, ended) }()
	if _, err := t.tmux(ctx, "pipe-pane", "-O", "exec cat >'"+pipe+"'"); err != nil {
		return nil, nil, err
	}
	start := time.Now()
	t.seen = func(s screen) { frames = append(frames, frame{time.Since(start), s}) }
	sent := make(chan []output)
	go func() { sent <- readOutputs(pipe, start) }()
	if err := os.WriteFile(begin, nil, 0o600); err != nil {
		return nil, nil, err
	}
	for i, step := range s.steps {
		if err := t.step(ctx, step, nil); err != nil {
			return nil, nil, fmt.Errorf("step %d (keys %q, text %q): %w", i+1, step.keys, step.types, err)
		}
	}
	end()
	return <-sent, frames, nil
}

// readOutputs reads a pipe to its end. A character that arrives in two parts stays whole.
func readOutputs(pipe string, start time.Time) []output {
	f, err := os.Open(pipe)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // nothing was written
	var out []output
	var rest []byte
	in, chunk := bufio.NewReader(f), make([]byte, 1<<16)
	for {
		n, err := in.Read(chunk)
		rest = append(rest, chunk[:n]...)
		whole := len(rest)
		for whole > 0 && whole > len(rest)-utf8.UTFMax && !utf8.Valid(rest[:whole]) {
			whole--
		}
		if whole > 0 {
			out = append(out, output{time.Since(start), string(rest[:whole])})
			rest = append([]byte(nil), rest[whole:]...)
		}
		if err != nil {
			return out
		}
	}
}
