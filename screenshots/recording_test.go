package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// The stored recording is what its format asks for, lasts about half a minute, is small, and ends with the result.
func TestRecording(t *testing.T) {
	cast, err := os.ReadFile("recording.cast")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(cast), []byte("\n"))
	var head struct{ Version, Width, Height int }
	if err := json.Unmarshal(lines[0], &head); err != nil || head.Version != 2 || head.Width != 80 || head.Height != 24 {
		t.Fatalf("header %s: %v", lines[0], err)
	}
	was, text := 0.0, ""
	for _, line := range lines[1:] {
		var event []any
		if err := json.Unmarshal(line, &event); err != nil || len(event) != 3 {
			t.Fatalf("%s: %v", line, err)
		}
		at, ok1 := event[0].(float64)
		sent, ok2 := event[2].(string)
		if !ok1 || !ok2 || event[1] != "o" || at < was {
			t.Fatalf("after %v s: %s", was, line)
		}
		was, text = at, text+sent
	}
	if was < 20 || was > 40 || !strings.Contains(text, "exactly as planned") {
		t.Errorf("it lasts %v s", was)
	}
	svg, err := os.ReadFile("recording.svg")
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg)
	for _, want := range []string{"Grow image by 2.00 GiB", "The rehearsal passed", "exactly as planned", "@keyframes film"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("the moving picture does not show %q", want)
		}
	}
	const most = 500_000
	if len(svg) > most || len(cast) > most {
		t.Errorf("%d and %d bytes", len(svg), len(cast))
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// Equal lines are stored once, text is escaped and stays in its column, and screens that were seen for a moment are left out.
func TestMovingSVG(t *testing.T) {
	at := func(ms int, text string) frame {
		return frame{time.Duration(ms) * time.Millisecond, parse(text, 20, 2)}
	}
	svg := movingSVG([]frame{at(0, "a <b>   c\nsame"), at(500, "gone"), at(520, "\x1b[1;31mred\x1b[m\nsame")})
	wellFormed(t, svg)
	text := string(svg)
	if n := strings.Count(text, ">same<"); n != 1 || strings.Count(text, "<use") != 4 {
		t.Errorf("the equal line is there %d times:\n%s", n, text)
	}
	for _, want := range []string{">a &lt;b&gt;<", `x="67.4"`, `class="c1 b"`, "14.773%{transform:translateX(-"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "gone") {
		t.Errorf("a moment is shown:\n%s", text)
	}
}

func TestRetime(t *testing.T) {
	a, b, c := 3*time.Second, 4*time.Second, 60*time.Second
	retime([]*time.Duration{&a, &b, &c})
	if a != 0 || b != recordingTime*2/5 || c != recordingTime {
		t.Errorf("%v, %v, %v", a, b, c)
	}
	retime(nil)
}
