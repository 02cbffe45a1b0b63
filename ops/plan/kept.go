package plan

import (
	"bufio"
	"cmp"
	"slices"
	"strings"

	"shunt/model/safetext"
	"shunt/ops"
)

// unreadable is shown instead of a plan that cannot be parsed. It is not a valid plan itself.
const unreadable = "a plan that cannot be read\n"

// Kept formats the text of a plan that was stored beside a target, for people. It uses the words of Format, drops
// comments, and escapes characters that are not visible. It needs no disk, so it does not say what the plan would do. If
// the text is not a plan, it returns a line that says so.
func Kept(kept string) string {
	lines, ok := rewritten(kept)
	if !ok {
		return unreadable
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.text + "\n")
	}
	return b.String()
}

// Sentences returns what the operations of a stored plan are called, one for each: the sentence that Told wrote behind it, or else
// the line itself. Characters that are not visible are escaped.
func Sentences(kept string) (list []string) {
	lines, ok := rewritten(kept)
	if !ok {
		return []string{strings.TrimSpace(unreadable)}
	}
	for _, l := range lines {
		list = append(list, cmp.Or(safetext.Printable(l.comment), l.text))
	}
	return list
}

// Told writes the queue as Format does, with the sentence of each operation as a comment behind it. It leaves them out if that
// would make the plan too long.
func Told(q ops.Queue) string {
	var sentences []string
	for i := range q.Len() {
		sentences = append(sentences, q.DescribeAt(i).String())
	}
	return With(Format(q), sentences)
}

// With returns a plan with a comment behind each of its lines.
func With(plan string, comments []string) string {
	var b strings.Builder
	lines := strings.Split(strings.TrimSuffix(plan, "\n"), "\n")
	for i, line := range lines {
		b.WriteString(line)
		if i < len(comments) && line != "" {
			b.WriteString(" # " + safetext.Printable(comments[i]))
		}
		b.WriteByte('\n')
	}
	if len(lines) != len(comments) || b.Len() > maxBytes || slices.ContainsFunc(strings.Split(b.String(), "\n"), tooLong) {
		return plan
	}
	return b.String()
}

func tooLong(line string) bool { return len(line) >= maxLine }

// A keptLine is a line of a stored plan.
type keptLine struct{ text, comment string }

// rewritten parses a plan and writes it again. ok is false if the text is not a plan.
func rewritten(kept string) (list []keptLine, ok bool) {
	if len(kept) > maxBytes {
		return nil, false
	}
	lines := bufio.NewScanner(strings.NewReader(kept))
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for lines.Scan() {
		words, comment, err := splitComment(lines.Text())
		if err != nil || len(words) > 0 && !isLine(words) {
			return nil, false
		}
		if len(words) == 0 {
			continue
		}
		if len(list) == maxOps {
			return nil, false
		}
		var again []string
		for _, w := range words {
			again = append(again, w.again())
		}
		list = append(list, keptLine{strings.Join(again, " "), comment})
	}
	return list, lines.Err() == nil
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
var keys = []string{"fs", "label", "name", "type", "as", "size", "from", "first-lba"}
