package plan

import (
	"bufio"
	"slices"
	"strings"

	"shunt/model/safetext"
)

// unreadable stands for a plan that cannot be read. It is none itself.
const unreadable = "a plan that cannot be read\n"

// Kept is the text of a plan that was kept beside a target, for people: in the words of Format, with what is not
// visible written out in quotes and without comments. It needs no disk, so it says nothing about what the plan would do.
// In the place of text that is no plan stands a line that says so.
func Kept(kept string) string {
	plan, ok := rewritten(kept)
	if !ok {
		return unreadable
	}
	return plan
}

// rewritten reads a plan and writes it again; ok is false for text that is none.
func rewritten(kept string) (plan string, ok bool) {
	if len(kept) > maxBytes {
		return "", false
	}
	lines := bufio.NewScanner(strings.NewReader(kept))
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	var b strings.Builder
	for n := 0; lines.Scan(); {
		words, err := split(lines.Text())
		if err != nil || len(words) > 0 && !isLine(words) {
			return "", false
		}
		if len(words) == 0 {
			continue
		}
		if n++; n > maxOps {
			return "", false
		}
		for i, w := range words {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w.again())
		}
		b.WriteByte('\n')
	}
	return b.String(), lines.Err() == nil
}

// isLine reports whether words look like a line of a plan.
func isLine(words []word) bool {
	v, ok := verbOf(words[0])
	return ok && !words[0].quoted && len(words) >= v.least && len(words) <= v.most
}

// again is the word as a plan file has it: quotes only where they stood and only around what they are for.
func (w word) again() string {
	if !w.quoted {
		return quotedUnless(w.text)
	}
	if key, value, ok := strings.Cut(w.text, "="); ok && slices.Contains(keys, key) {
		return key + "=" + safetext.Quoted(value)
	}
	return safetext.Quoted(w.text)
}

// quotedUnless is text in quotes unless it is the same without.
func quotedUnless(text string) string {
	if q := safetext.Quoted(text); q != `"`+text+`"` {
		return q
	}
	return text
}

// keys are what can stand before the "=" of a property.
var keys = []string{"fs", "label", "name", "type", "as", "size", "from"}
