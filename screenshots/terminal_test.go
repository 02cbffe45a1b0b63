package main

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"shunt/model/testneed"
)

const fontDir = "/usr/share/fonts/truetype/dejavu"

func testPen(t *testing.T) *pen {
	t.Helper()
	p, err := newPen(fontDir)
	if err != nil {
		testneed.Missing(t, err.Error())
	}
	return p
}

// script is a shell script that a test shows in the terminal.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func testTerminal(t *testing.T, columns, rows int, argv ...string) (context.Context, *terminal) {
	t.Helper()
	testneed.Tool(t, "tmux")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	// The path of a socket must be short, which that of t.TempDir is not.
	dir, err := os.MkdirTemp("", "shunt-term-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	term, err := startTerminal(ctx, dir, dir, columns, rows, argv...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := term.close(); err != nil {
			t.Error(err)
		}
	})
	return ctx, term
}

// Programs draw lines with a background by erasing the rest of them.
func TestTerminalShowsErasedCells(t *testing.T) {
	ctx, term := testTerminal(t, 40, 5, script(t, `printf '\033[48;2;80;160;255mrow\033[K\033[m\n.'; read -r line`))
	s, err := term.wait(ctx, untilSettled, func(text string) bool { return strings.Contains(text, ".") })
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.lines[0][39].bg, (color.RGBA{R: 80, G: 160, B: 255, A: 255}); got != want {
		t.Errorf("the last cell has the background %v, want %v", got, want)
	}
}

func TestTerminalShowsWhatTheProgramWrites(t *testing.T) {
	ctx, term := testTerminal(t, 40, 5, script(t, `
		printf '\033[38;2;80;160;255m▓░\033[0m %s %s %s [%s]\n' "$(tput cols 2>/dev/null || stty size | cut -d' ' -f2)" "$TERM" "$COLORTERM" "$TMUX"
		read -r line; echo "read <$line>"; read -r line
	`))
	s, err := term.wait(ctx, untilSettled, func(text string) bool { return strings.Contains(text, "truecolor") })
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(s.text(), "\n"); first != "▓░ 40 xterm-256color truecolor []" {
		t.Errorf("first line %q", first)
	}
	if got, want := s.lines[0][0].fg, (color.RGBA{R: 80, G: 160, B: 255, A: 255}); got != want {
		t.Errorf("colour %v, want %v", got, want)
	}
	// What is typed arrives as it is, even where it looks like the name of a key or an option.
	if err := term.enter(ctx, "-Enter +2GiB;"); err != nil {
		t.Fatal(err)
	}
	if err := term.press(ctx, "Enter"); err != nil {
		t.Fatal(err)
	}
	if _, err := term.wait(ctx, atOnce, func(text string) bool { return strings.Contains(text, "read <-Enter +2GiB;>") }); err != nil {
		t.Error(err)
	}
}

func TestTerminalTellsThatTheProgramEnded(t *testing.T) {
	ctx, term := testTerminal(t, 40, 5, script(t, "echo last words; exit 3\n"))
	_, err := term.wait(ctx, untilSettled, func(string) bool { return false })
	if err == nil || !regexp.MustCompile(`(?s)ended with status (3|unknown);.*last words`).MatchString(err.Error()) {
		t.Errorf("error %v", err)
	}
}

func TestTerminalWaitEndsWithTheContext(t *testing.T) {
	ctx, term := testTerminal(t, 40, 5, script(t, "echo still here; read -r line\n"))
	if _, err := term.wait(ctx, untilSettled, func(text string) bool { return strings.Contains(text, "still here") }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	looks := 0
	_, err := term.wait(ctx, untilSettled, func(string) bool {
		if looks++; looks == 3 {
			cancel()
		}
		return false
	})
	if err == nil || !strings.Contains(err.Error(), "context canceled") || !strings.Contains(err.Error(), "still here") {
		t.Errorf("error %v", err)
	}
}

func TestScenarioTakesPictures(t *testing.T) {
	testneed.Tool(t, "tmux")
	p, out := testPen(t), t.TempDir()
	s := scenario{
		title:   "test",
		columns: 20,
		rows:    4,
		steps: []step{
			{until: regexp.MustCompile(`ready`), snap: "first"},
			{types: "word"},
			{keys: "Enter", until: regexp.MustCompile(`got word`), snap: "second"},
		},
	}
	program := script(t, "echo ready █; read -r line; echo \"got $line\"; read -r line\n")
	err := s.play(t.Context(), program, func(snap string, screen screen) error {
		return save(filepath.Join(out, snap+".png"), p, s.title, screen)
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"first": "ready █\n\n\n\n", "second": "ready █\nword\ngot word\n\n"} {
		text, err := os.ReadFile(filepath.Join(out, name+".txt"))
		if err != nil || string(text) != want {
			t.Errorf("%s.txt is %q, %v; want %q", name, text, err, want)
		}
		f, err := os.Open(filepath.Join(out, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := img.Bounds().Size(), image.Pt(20*p.cell.X+2*padding, 4*p.cell.Y+2*padding+titleHeight); got != want {
			t.Errorf("%s.png is %v large, want %v", name, got, want)
		}
		// The block is the seventh character of the first line.
		middle := image.Pt(padding+6*p.cell.X+p.cell.X/2, titleHeight+padding+p.cell.Y/2)
		if got := opaque(img.At(middle.X, middle.Y)); got != foreground {
			t.Errorf("%s.png has colour %v in the block, want %v", name, got, foreground)
		}
	}
}

func TestWindowRefusesWhatNoFontHas(t *testing.T) {
	_, err := testPen(t).window("test", parse("ab\n世", 4, 2))
	if err == nil || !strings.Contains(err.Error(), "line 2, column 1") {
		t.Errorf("error %v", err)
	}
}

// Every character of the design's screens can be drawn.
func TestFontsSuffice(t *testing.T) {
	const used = "╭─╮│╰╯▓░▒█▸▹→←↑↓…·•✓✗⚠×≥≤±▲▼◀▶⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏▏▎▍▌▋▊▉┃━"
	if _, err := testPen(t).window("test", parse(used, 80, 1)); err != nil {
		t.Error(err)
	}
}

func TestScenariosNameTheirPicturesOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios() {
		for _, step := range s.steps {
			if step.snap == "" {
				continue
			}
			if seen[step.snap] {
				t.Errorf("two pictures are called %s", step.snap)
			}
			seen[step.snap] = true
			if step.until == nil {
				t.Errorf("picture %s is taken of whatever is there", step.snap)
			}
		}
	}
}
