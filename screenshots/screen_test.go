package main

import (
	"image"
	"image/color"
	"testing"
)

func TestParseColours(t *testing.T) {
	blue := color.RGBA{R: 80, G: 160, B: 255, A: 255}
	s := parse("a\x1b[38;2;80;160;255mb\x1b[1mc\nd\x1b[0me\x1b[31mf\x1b[97mg\x1b[38;5;1mh\x1b[38;5;231mi\x1b[0m\x1b[44m ", 8, 3)
	want := [][]cell{
		{
			{text: "a", fg: foreground, bg: background},
			{text: "b", fg: blue, bg: background},
			{text: "c", fg: blue, bg: background, bold: true},
		},
		{
			// A style lasts over the end of a line.
			{text: "d", fg: blue, bg: background, bold: true},
			{text: "e", fg: foreground, bg: background},
			{text: "f", fg: basic[1], bg: background},
			{text: "g", fg: basic[15], bg: background},
			{text: "h", fg: basic[1], bg: background},
			{text: "i", fg: color.RGBA{R: 255, G: 255, B: 255, A: 255}, bg: background},
			{text: " ", fg: foreground, bg: basic[4]},
		},
	}
	for y, line := range want {
		for x, c := range line {
			c.columns = 1
			if got := s.lines[y][x]; got != c {
				t.Errorf("line %d, column %d: %+v, want %+v", y, x, got, c)
			}
		}
	}
	if got := s.text(); got != "abc\ndefghi\n\n" {
		t.Errorf("text %q", got)
	}
}

func TestParseAttributes(t *testing.T) {
	s := parse("\x1b[7ma\x1b[0;2mb\x1b[0;8mc\x1b[0;4md\x1b[0;9me\x1b[0;7;31;42mf", 6, 1)
	want := []cell{
		{text: "a", fg: background, bg: foreground},
		{text: "b", fg: mix(background, foreground, 0.6), bg: background},
		{text: "c", fg: background, bg: background},
		{text: "d", fg: foreground, bg: background, underline: true},
		{text: "e", fg: foreground, bg: background, strike: true},
		{text: "f", fg: basic[2], bg: basic[1]},
	}
	for x, c := range want {
		c.columns = 1
		if got := s.lines[0][x]; got != c {
			t.Errorf("column %d: %+v, want %+v", x, got, c)
		}
	}
}

func TestParseCursor(t *testing.T) {
	for _, c := range []struct {
		capture string
		shown   bool
		at      image.Point
	}{
		{"ab\ncd\n1 3 1\n", true, image.Pt(3, 1)},
		{"ab\ncd\n0 3 1\n", false, image.Pt(3, 1)},
		{"ab\ncd\n", false, image.Point{}},
		{"ab\n1 3 1\n", false, image.Point{}},
	} {
		if s := parse(c.capture, 4, 2); s.cursorShown != c.shown || s.cursor != c.at {
			t.Errorf("%q: cursor %v, shown %v", c.capture, s.cursor, s.cursorShown)
		}
	}
}

func TestParseFitsTheScreen(t *testing.T) {
	for _, c := range []struct {
		name, capture string
		text          string
	}{
		{"empty", "", "\n\n"},
		{"full", "abcd\nefgh\n", "abcd\nefgh\n"},
		{"too wide", "abcde\nf\n", "abcd\nf\n"},
		{"too high", "a\nb\nc\nd\n", "a\nb\n"},
		{"wide characters", "世界\n世界世\n", "世界\n世界\n"},
		{"a wide character over the edge", "abc世\n", "abc\n\n"},
		{"trailing spaces", "a   \n    \n", "a\n\n"},
	} {
		s := parse(c.capture, 4, 2)
		if got := s.text(); got != c.text {
			t.Errorf("%s: %q, want %q", c.name, got, c.text)
		}
		for y, line := range s.lines {
			columns := 0
			for _, c := range line {
				columns += c.columns
			}
			if columns != 4 {
				t.Errorf("%s: line %d has %d columns", c.name, y, columns)
			}
		}
	}
}
