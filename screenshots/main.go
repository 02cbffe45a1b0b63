// Package main takes the pictures that the README shows: it runs the built program in a real terminal (tmux), types the
// keys of a scenario, and draws the contents of the terminal.
//
//	go run ./screenshots [-bin ./shunt] [-out screenshots] [-fonts DIR] [-only NAME]
//
// Beside each picture NAME.png it writes the same screen as text to NAME.txt. It also records the founding example:
// recording.cast holds what the program sends to the terminal, recording.svg is a moving picture of it.
//
// It imports no package of shunt, so the pictures show what a user sees. It needs tmux and the DejaVu fonts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, log io.Writer) error {
	flags := flag.NewFlagSet("screenshots", flag.ContinueOnError)
	bin := flags.String("bin", "./shunt", "the program to show")
	out := flags.String("out", "screenshots", "directory for the pictures")
	fonts := flags.String("fonts", "/usr/share/fonts/truetype/dejavu", "directory with the DejaVu fonts")
	only := flags.String("only", "", "run only the scenario of this name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	program, err := filepath.Abs(*bin)
	if err != nil {
		return err
	}
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("the program is not built: run make build: %w", err)
	}
	pen, err := newPen(*fonts)
	if err != nil {
		return err
	}
	known := false
	for _, s := range scenarios() {
		if *only != "" && s.name != *only {
			continue
		}
		known = true
		err := s.play(ctx, program, func(snap string, screen screen) error {
			path := filepath.Join(*out, snap+".png")
			if err := save(path, pen, s.title, screen); err != nil {
				return err
			}
			_, err := fmt.Fprintln(log, path)
			return err
		})
		if err != nil {
			return fmt.Errorf("scenario %s: %w", s.name, err)
		}
	}
	if *only == "" || *only == recordingName {
		known = true
		if err := record(ctx, program, *out); err != nil {
			return fmt.Errorf("recording: %w", err)
		}
		if _, err := fmt.Fprintln(log, filepath.Join(*out, recordingName+".svg")); err != nil {
			return err
		}
	}
	if !known {
		return fmt.Errorf("there is no scenario %q", *only)
	}
	return nil
}

// save writes the picture and its text. After an error each file may be missing, old or incomplete.
func save(path string, pen *pen, title string, s screen) error {
	img, err := pen.window(title, s)
	if err != nil {
		return err
	}
	if err := writePNG(path, img); err != nil {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(path, ".png")+".txt", []byte(s.text()), 0o644)
}
