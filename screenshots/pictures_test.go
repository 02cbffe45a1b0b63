package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestPictures plays every scenario with the program as it is now, and compares each screen with the text beside its
// picture. Where they differ the picture is out of date: make screenshots takes all of them anew.
//
// What differs from machine to machine and from run to run does not count: numbers, how long a bar is, loop devices.
func TestPictures(t *testing.T) {
	for _, name := range []string{"tmux", "sfdisk", "mkfs.fat", "mkfs.ext4", "qemu-img", "debugfs"} {
		testneed.Tool(t, name)
	}
	program := filepath.Join(t.TempDir(), "shunt")
	if out, err := exec.Command("go", "build", "-o", program, "..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	shown := map[string]bool{}
	t.Run("scenario", func(t *testing.T) {
		for _, s := range scenarios() {
			for _, step := range s.steps {
				shown[step.snap] = true
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				if err := s.play(context.Background(), program, func(snap string, s screen) error { return unchanged(t, snap, s) }); errors.Is(err, errMissed) {
					t.Log(err)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	})
	pictures, err := filepath.Glob("*.png")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range pictures {
		if snap := strings.TrimSuffix(path, ".png"); !shown[snap] {
			t.Errorf("no scenario takes %s", path)
		}
	}
}

func unchanged(t *testing.T, snap string, s screen) error {
	t.Helper()
	want, err := os.ReadFile(snap + ".txt")
	if err != nil {
		return err
	}
	if lasting(s.text()) != lasting(string(want)) {
		t.Errorf("%s.png is out of date, run make screenshots. It shows\n%s\nand the program shows\n%s", snap, want, s.text())
	}
	return nil
}

var (
	numbers = regexp.MustCompile(`[0-9]+([.:,-][0-9]+)*`)
	shades  = regexp.MustCompile(`[▓░█]+`)
	rules   = regexp.MustCompile(`─+`)
	blanks  = regexp.MustCompile(` +`)
	clocks  = regexp.MustCompile(`[✓▸·] (record|fence|copy|place|table|verify|done)( +#)?`)
	speeds  = regexp.MustCompile(`# MiB of # MiB.*`)
)

// lasting is the text of a screen without what may differ.
func lasting(text string) string {
	text = numbers.ReplaceAllString(text, "#")
	text = shades.ReplaceAllString(text, "░")
	text = rules.ReplaceAllString(text, "─")
	text = blanks.ReplaceAllString(text, " ")
	text = clocks.ReplaceAllString(text, "· $1")
	text = speeds.ReplaceAllString(text, "# MiB of # MiB")
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.Trim(strings.TrimSpace(line), "│ ")
		if line != "" && !strings.Contains(line, "/dev/loop") && !strings.HasPrefix(line, "Loop devices") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// The pictures that the README shows are there.
func TestReadmePictures(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`\(screenshots/([a-z0-9-]+\.png)\)`).FindAllStringSubmatch(string(readme), -1)
	if len(found) < 4 {
		t.Errorf("the README shows %d pictures", len(found))
	}
	for _, m := range found {
		if _, err := os.Stat(m[1]); err != nil {
			t.Error(err)
		}
	}
}
