package ops

import (
	"fmt"
	"strings"
)

// Verb is a verb in its tenses: "move", "moving", "moved".
type Verb struct{ Do, Doing, Did string }

// Verbs of several operations and steps.
var (
	checking    = Verb{"check", "checking", "checked"}
	repairing   = Verb{"repair", "repairing", "repaired"}
	clearing    = Verb{"clear", "clearing", "cleared"}
	copying     = Verb{"copy", "copying", "copied"}
	dropping    = Verb{"drop", "dropping", "dropped"}
	filling     = Verb{"fill", "filling", "filled"}
	growing     = Verb{"grow", "growing", "grew"}
	labeling    = Verb{"label", "labelling", "labelled"}
	making      = Verb{"make", "making", "made"}
	moving      = Verb{"move", "moving", "moved"}
	setting     = Verb{"set", "setting", "set"}
	sparsifying = Verb{"sparsify", "sparsifying", "sparsified"}
	wiping      = Verb{"wipe", "wiping", "wiped"}
	shrinking   = Verb{"shrink", "shrinking", "shrank"}
)

// Clause is a verb and the text behind it. The text begins with its own blank.
type Clause struct {
	Verb Verb
	Text string
}

// Phrase describes an operation or a step in words for any tense. The verb in each line of a list shows whether the line
// is pending, running or done.
type Phrase []Clause

func phrase(v Verb, format string, a ...any) Phrase {
	return Phrase{{v, " " + fmt.Sprintf(format, a...)}}
}

// with returns the phrase with more text at its end.
func (p Phrase) with(text ...string) Phrase {
	last := len(p) - 1
	return append(p[:last:last], Clause{p[last].Verb, p[last].Text + strings.Join(text, "")})
}

// Do returns "move p2 right by 1024 MiB and grow it".
func (p Phrase) Do() string { return p.in(func(v Verb) string { return v.Do }) }

// Doing returns "moving p2 right by 1024 MiB and growing it".
func (p Phrase) Doing() string { return p.in(func(v Verb) string { return v.Doing }) }

// Did returns "moved p2 right by 1024 MiB and grew it".
func (p Phrase) Did() string { return p.in(func(v Verb) string { return v.Did }) }

// String returns "Move p2 right by 1024 MiB and grow it".
func (p Phrase) String() string { return Capital(p.Do()) }

func (p Phrase) in(tense func(Verb) string) string {
	var b strings.Builder
	for _, c := range p {
		b.WriteString(tense(c.Verb) + c.Text)
	}
	return b.String()
}

// Capital returns text with its first letter in upper case if its first word is an ordinary word. Other words are names,
// and stay as they are: "p2", "disk.img", "mkfs.ext4", "/dev/sda". names lists further names that text may begin with.
func Capital(text string, names ...string) string {
	word, _, _ := strings.Cut(text, " ")
	for _, name := range names {
		if rest, found := strings.CutPrefix(text, name); found && name != "" && (rest == "" || strings.ContainsAny(rest[:1], " :,;")) {
			return text
		}
	}
	word = strings.TrimRight(word, ",:;")
	if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
