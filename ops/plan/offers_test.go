package plan_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/plan"
)

// Next offers each keyword of lines like those of the help, at its place, whether nothing or its beginning is there.
func TestNextOffersTheWordsOfLines(t *testing.T) {
	t.Parallel()
	free := []string{"SIZE", "TEXT", "at="} // sizes and texts are not offered
	for on, lines := range map[string][]string{
		"mbr": {
			"image grow SIZE", "image size SIZE prealloc=falloc", "image min", "image sparsify", "image snapshot create TEXT",
			"image commit from= ", "move 2 right SIZE", "move 2 to SIZE and resize to SIZE", "resize 2 by SIZE", "resize 1 min",
			"grow 1", "room 2 by SIZE", "room 2 max", "new max fs=ext4", "new SIZE at SIZE fs=swap label= ", "new SIZE as=logical",
			"delete 2", "check 2", "copy 1 at SIZE size= ", "copy 1 over 2", "format 2 cleared", "format 1 fs=fat32 label= ",
			"label 2 TEXT", "type 1 linux", "flag 1 boot on", "uuid 2 new", "table new gpt", "table new mbr", "table gpt",
		},
		"gpt":   {"type 1 esp", "flag 1 legacy_boot off", "name 1 TEXT", "new SIZE type=esp name= ", "uuid 1 half"},
		"whole": {"check 0", "grow 0", "resize 0 min", "label 0 TEXT", "uuid 0 new"},
	} {
		d := founding()
		switch on {
		case "gpt":
			d = gpt(1000*mib, full(1, mib, 500*mib, 0))
		case "whole":
			d = model.Disk{SectorSize: 512, Sectors: 100 * mib, Whole: model.Filesystem{Kind: model.Ext4}}
		}
		q := ops.NewQueue(d, env())
		for _, text := range lines {
			var before []string
			for _, w := range strings.Fields(text) {
				if !slices.Contains(free, w) {
					for _, begun := range []string{"", w[:len(w)-1]} {
						if i := strings.Index(w, "="); i > 0 && i < len(w)-1 && begun == "" {
							begun = w[:i+1] // the value of a property is offered when its "=" is there
						}
						if !slices.ContainsFunc(plan.Next(q, before, begun), func(o plan.Offer) bool { return o.Word == w }) {
							t.Errorf("%s: on %q and %q the word %q is not among %v", on, before, begun, w, plan.Next(q, before, begun))
						}
					}
				} else if w == "SIZE" {
					w = "1GiB"
				}
				before = append(before, w)
			}
		}
	}
}

// What is offered is never refused as a word that cannot be there, and nothing is offered behind a word that is wrong.
func TestNextOffersOnlyWhatIsRead(t *testing.T) {
	t.Parallel()
	q := ops.NewQueue(founding(), env())
	var walk func(words []string, deep int)
	walk = func(words []string, deep int) {
		for _, o := range plan.Next(q, words, "") {
			line := append(words[:len(words):len(words)], o.Word)
			_, err := plan.Parse(strings.NewReader(plan.Line(line)), q, 0)
			if err != nil && strings.Contains(err.Error(), "is not") && strings.Contains(err.Error(), `"`+o.Word+`"`) && !o.Open {
				t.Errorf("%q is offered behind %q: %v", o.Word, words, err)
			}
			if deep > 0 && !o.Open {
				walk(line, deep-1)
			}
		}
	}
	walk(nil, 3)
	for _, words := range [][]string{{"nonsense"}, {"move", "9"}, {"move", "1", "up"}, {"new", "x"}, {"table", "old"}, {"delete", "1", "2"}} {
		if got := plan.Next(q, words, ""); got != nil {
			t.Errorf("behind %q: %v", words, got)
		}
	}
}

// Words from a command line become the line of a plan that has the same words.
func TestLine(t *testing.T) {
	t.Parallel()
	for want, words := range map[string][]string{
		"move 2 right 1GiB":            {"move", "2", "right", "1GiB"},
		`label 2 "my root"`:            {"label", "2", "my root"},
		`label 2 ""`:                   {"label", "2", ""},
		`label 2 "#x"`:                 {"label", "2", "#x"},
		`label 2 "a\"b\\c"`:            {"label", "2", `a"b\c`},
		`label 2 a\b`:                  {"label", "2", `a\b`},
		`format 2 fs=ext4 "label=a b"`: {"format", "2", "fs=ext4", "label=a b"},
	} {
		if got := plan.Line(words); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
	q, err := plan.Parse(strings.NewReader(plan.Line([]string{"label", "2", "a\"\\# ü"})), ops.NewQueue(founding(), env()), 0)
	if op, ok := q.Ops()[0].(ops.SetLabel); err != nil || !ok || op.Label != "a\"\\# ü" {
		t.Errorf("%v, %v", q.Ops(), err)
	}
}
