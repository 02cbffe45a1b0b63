package plan

import (
	"bufio"
	"slices"
	"strings"

	"shunt/model/safetext"
)

// unreadable is shown instead of a plan that cannot be parsed. It is not a valid plan itself.
const unreadable = "a plan that cannot be read\n"

// Kept formats the text of a plan that was stored beside a target, for people. It uses the words of Format, drops
// comments, and escapes characters that are not visible. It needs no disk, so it does not say what the plan would do. If
// the text is not a plan, it returns a line that says so.
func Kept(kept string) string {
	plan, ok := rewritten(kept)
	if !ok {
		return unreadable
	}
	return plan
}

// rewritten parses a plan and writes it again. ok is false if the text is not a plan.
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

// again returns the word as a plan file has it, with quotes only where they were and around only what needs them.
func (w word) again() string {
	if !w.quoted {
		return quotedUnless(w.text)
	}
	if key, value, ok := strings.Cut(w.text, "="); ok && slices.Contains(keys, key) {
		return key + "=" + safetext.Quoted(value)
	}
	return safetext.Quoted(w.text)
}

// quotedUnless returns text in quotes, or unchanged if quotes make no difference.
func quotedUnless(text string) string {
	if q := safetext.Quoted(text); q != `"`+text+`"` {
		return q
	}
	return text
}

// keys lists the words that may precede the "=" of a property.
var keys = []string{"fs", "label", "name", "type", "as", "size", "from"}
