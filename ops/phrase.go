package ops

import (
	"fmt"
	"strings"
)

// Verb is a verb in its tenses: "move", "moving", "moved".
type Verb struct{ Do, Doing, Did string }

// Verbs of several operations and steps.
var (
	checking  = Verb{"check", "checking", "checked"}
	clearing  = Verb{"clear", "clearing", "cleared"}
	copying   = Verb{"copy", "copying", "copied"}
	growing   = Verb{"grow", "growing", "grew"}
	labeling  = Verb{"label", "labelling", "labelled"}
	making    = Verb{"make", "making", "made"}
	moving    = Verb{"move", "moving", "moved"}
	setting   = Verb{"set", "setting", "set"}
	shrinking = Verb{"shrink", "shrinking", "shrank"}
)

// Clause is a verb and the text behind it, which begins with its own blank.
type Clause struct {
	Verb Verb
	Text string
}

// Phrase is what an operation or a step does, in words for any tense: a list says of each line by its verb whether it is to
// come, is being done or is over.
type Phrase []Clause

func phrase(v Verb, format string, a ...any) Phrase {
	return Phrase{{v, " " + fmt.Sprintf(format, a...)}}
}

// with is the phrase with more text at its end.
func (p Phrase) with(text ...string) Phrase {
	last := len(p) - 1
	return append(p[:last:last], Clause{p[last].Verb, p[last].Text + strings.Join(text, "")})
}

// Do is "move p2 right by 1024 MiB and grow it".
func (p Phrase) Do() string { return p.in(func(v Verb) string { return v.Do }) }

// Doing is "moving p2 right by 1024 MiB and growing it".
func (p Phrase) Doing() string { return p.in(func(v Verb) string { return v.Doing }) }

// Did is "moved p2 right by 1024 MiB and grew it".
func (p Phrase) Did() string { return p.in(func(v Verb) string { return v.Did }) }

// String is "Move p2 right by 1024 MiB and grow it".
func (p Phrase) String() string { return Capital(p.Do()) }

func (p Phrase) in(tense func(Verb) string) string {
	var b strings.Builder
	for _, c := range p {
		b.WriteString(tense(c.Verb) + c.Text)
	}
	return b.String()
}

// Capital is text with a capital at its start.
func Capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
