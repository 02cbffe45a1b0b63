package plan

import (
	"strings"
	"testing"

	"shunt/model/safetext"
)

func TestKept(t *testing.T) {
	for in, want := range map[string]string{
		"":                "",
		"label 1 \"x\"\n": "label 1 \"x\"\n",
		"# by hand\n\n  move  2 right\t1024MiB # far\n":       "move 2 right 1024MiB\n",
		"label 1 \"\x1b]52;c;ZXZpbA==\a\u202e\"":              `label 1 "\x1b]52;c;ZXZpbA==\x07\u202e"` + "\n",
		`new max at 2048s fs=ext4 label="a b\"\\" as=primary`: `new max at 2048s fs=ext4 label="a b\"\\" as=primary` + "\n",
		`copy 1 at 1MiB from="/a b\xff.raw"`:                  `copy 1 at 1MiB from="/a b\xff.raw"` + "\n",
		`label 1 odd` + "\u202e":                              `label 1 "odd\u202e"` + "\n",
		`label 1 a\b`:                                         `label 1 "a\\b"` + "\n",
		"\x1b[2J":                                             unreadable,
		"label 1 \"open":                                      unreadable,
		"label 1":                                             unreadable,
		"label 1 \"\xff\"":                                    unreadable,
		`"label" 1 x`:                                         unreadable,
		"delete 1 really, and everything else with it":        unreadable,
		unreadable:                                            unreadable,
		strings.Repeat("check 1\n", maxOps+1):                 unreadable,
		`label 1 "` + strings.Repeat("x", maxLine) + "\"\n":   unreadable,
		strings.Repeat("# x\n", maxBytes):                     unreadable,
	} {
		if got := Kept(in); got != want {
			t.Errorf("%.80q is told as %.80q, want %.80q", in, got, want)
		}
	}
}

// FuzzKept checks that what is told of a plan means the same and is fit to be seen.
func FuzzKept(f *testing.F) {
	for _, s := range []string{"label 1 \"x\\u202e\"", "move 2 right 1MiB", "copy 1 at 1s from=\"\\xff\"", "name 1 a\\\"b", "type 1 \"#\"\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := Kept(in)
		if safetext.Lines(got) != got || Kept(got) != got {
			t.Fatalf("%q is told as %q", in, got)
		}
		if got == unreadable {
			return
		}
		var was, is []word
		for _, text := range []struct {
			plan string
			list *[]word
		}{{in, &was}, {got, &is}} {
			for line := range strings.SplitSeq(text.plan, "\n") {
				words, err := split(strings.TrimSuffix(line, "\r"))
				if err != nil {
					t.Fatal(err)
				}
				*text.list = append(*text.list, words...)
			}
		}
		if len(was) != len(is) {
			t.Fatalf("%q is told as %q", in, got)
		}
		for i := range was {
			if was[i].text != is[i].text {
				t.Errorf("%q is told as %q", in, got)
			}
		}
	})
}

func FuzzQuoted(f *testing.F) {
	f.Add("a\"\\\x1b\xff\u202e\U000e0041")
	f.Fuzz(func(t *testing.T, text string) {
		q := safetext.Quoted(text)
		words, err := split("label 1 " + q + " # x")
		if err != nil || len(words) != 3 || words[2].text != text || safetext.Printable(q) != q {
			t.Errorf("%q as %s is %v, %v", text, q, words, err)
		}
	})
}
