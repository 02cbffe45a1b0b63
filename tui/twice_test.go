package tui_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// apart separates the texts in a line of a frame.
var apart = regexp.MustCompile(`[│╭╮╰╯─┃]+|  +`)

var letters = regexp.MustCompile(`[A-Za-z]`)

// No screen says the same sentence twice, and none cuts a text of several lines, which could be a reason.
func TestNothingTwice(t *testing.T) {
	usual := map[string]bool{
		"cannot be opened":     true, // the column of a list says it of each file
		"EFI System Partition": true, // a name, which is also that of a type

		"applied; 1.00 KiB are kept": true, // the list of commits says it of each
	}
	frames := os.DirFS("testdata")
	err := fs.WalkDir(frames, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".golden") || strings.HasPrefix(path, "TestFounding") {
			return err
		}
		frame, err := fs.ReadFile(frames, path)
		seen := map[string]bool{}
		for line := range strings.Lines(string(frame)) {
			for _, text := range apart.Split(line, -1) {
				text = strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' && r != ')' && r != '"' })
				const least = 14 // letters; the names in both bars have fewer
				if len(strings.Fields(text)) < 3 || strings.ContainsAny(text, "▓░[") || len(letters.FindAllString(text, least)) < least {
					continue
				}
				if seen[text] && !usual[text] {
					t.Errorf("%s says twice: %q", path, text)
				}
				seen[text] = true
			}
		}
		if strings.Contains(string(frame), "……") {
			t.Errorf("%s cuts a text:\n%s", path, frame)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
