package safetext_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"shunt/model/safetext"
	"shunt/model/testneed"
)

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ in, out, lines string }{
		{"", "", ""},
		{"plain ~", "plain ~", "plain ~"},
		{"Größe 日本 e\u0301 \U0001f4be", "Größe 日本 e\u0301 \U0001f4be", "Größe 日本 e\u0301 \U0001f4be"},
		{"a\tb\nc", `a\x09b\x0ac`, "a    b\nc"},
		{"\x1b]0;x\a\x00\x7f", `\x1b]0;x\x07\x00\x7f`, `\x1b]0;x\x07\x00\x7f`},
		{"\u0080\u009b\u009f", `\u0080\u009b\u009f`, `\u0080\u009b\u009f`},
		{"\x9b31m \xc3", `\x9b31m \xc3`, `\x9b31m \xc3`},
		{"\u202a\u202e\u2066\u2069\u200e\u200f\u061c", `\u202a\u202e\u2066\u2069\u200e\u200f\u061c`, `\u202a\u202e\u2066\u2069\u200e\u200f\u061c`},
		{"a\u200bb\u200cc\u200dd\u2060\ufeff\u00ad", `a\u200bb\u200cc\u200dd\u2060\ufeff\u00ad`, `a\u200bb\u200cc\u200dd\u2060\ufeff\u00ad`},
		{"\u2028\u2029\u0085", `\u2028\u2029\u0085`, `\u2028\u2029\u0085`},
		{"\u034f\u3164\ufe0f\U000e0041\U000e0100", `\u034f\u3164\ufe0f\U000e0041\U000e0100`, `\u034f\u3164\ufe0f\U000e0041\U000e0100`},
		{"\xed\xa0\x80 \ufffd", `\xed\xa0\x80 ` + "\ufffd", `\xed\xa0\x80 ` + "\ufffd"},
	} {
		if got := safetext.Printable(c.in); got != c.out {
			t.Errorf("Printable(%q) = %q, want %q", c.in, got, c.out)
		}
		if got := safetext.Lines(c.in); got != c.lines {
			t.Errorf("Lines(%q) = %q, want %q", c.in, got, c.lines)
		}
	}
}

// obeyed is the first character of a text that a terminal would obey or hide, by the tables of Unicode and not by ours.
func obeyed(text string) string {
	for i, r := range text {
		_, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp),
			unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Join_Control, r):
			return text[i : i+n]
		}
	}
	return ""
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"a", "\x1b[2J", "\xff\u202e", "\u009b31m", "a`b$(c)'\\", "\t\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := safetext.Printable(s)
		if bad := obeyed(p); bad != "" || safetext.Printable(p) != p {
			t.Errorf("Printable(%q) = %q holds %q", s, p, bad)
		}
		if l := safetext.Lines(s); obeyed(strings.ReplaceAll(l, "\n", "")) != "" || strings.Count(l, "\n") != strings.Count(s, "\n") || safetext.Lines(l) != l {
			t.Errorf("Lines(%q) = %q", s, l)
		}
		c := safetext.Command(s, s)
		if safetext.Printable(c) != c || strings.Contains(c, "`") {
			t.Errorf("Command(%q) = %q", s, c)
		}
		in := map[string]any{"a": s, "b": []any{s + "x"}}
		for _, indent := range []string{"", "  "} {
			b, err := safetext.JSON(in, indent)
			if err != nil || safetext.Lines(string(b)) != string(b) {
				t.Fatalf("JSON of %q: %q, %v", s, b, err)
			}
			plain, err := json.Marshal(in)
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(plain, &want); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("JSON of %q means %q", s, got)
			}
		}
	})
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		argv []string
		want string
	}{
		{[]string{"e2fsck", "-f", "-y", "/x/p1"}, "e2fsck -f -y /x/p1"},
		{[]string{"mkfs.ext4", "-L", "my disk", ""}, "mkfs.ext4 -L 'my disk' ''"},
		{[]string{"a", "it's", "$HOME", "~"}, `a 'it'\''s' '$HOME' '~'`},
		{[]string{"A=b", "A=b"}, "'A=b' A=b"},
		{[]string{"rm", "a`b"}, `rm $'a\x60b'`},
		{[]string{"rm", "a\nb'\\\x1b\xff\u202e"}, `rm $'a\x0ab\'\\\x1b\xff\xe2\x80\xae'`},
	} {
		if got := safetext.Command(c.argv...); got != c.want {
			t.Errorf("%q: %s", c.argv, got)
		}
	}
}

// TestCommandInShell has bash read command lines with every byte that a word can hold, and odd words.
func TestCommandInShell(t *testing.T) {
	testneed.Tool(t, "bash")
	words := []string{"", "-n", "~", "a b", "it's", `\`, "$(exit 9)", "!x", "*", "ü\u202e", "\xff\xfe9", "`x`", "a\n\n", "#", "{a,b}"}
	for c := 1; c < 256; c++ {
		words = append(words, string([]byte{byte(c)}), string([]byte{'a', byte(c), '9'}))
	}
	out, err := exec.CommandContext(t.Context(), "bash", "-c", safetext.Command(append([]string{"printf", `%s\0`}, words...)...)).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0})
	if len(got) != len(words) {
		t.Fatalf("%d words, not %d", len(got), len(words))
	}
	for i, w := range words {
		if string(got[i]) != w {
			t.Errorf("%q was read as %q", w, got[i])
		}
	}
}
