package ops

import (
	"bufio"
	"strings"
)

// unreadablePlan stands for a plan that cannot be read. It is none itself.
const unreadablePlan = "a plan that cannot be read\n"

// KeptPlan is the text of a plan that was kept beside a target, for people: in the words of FormatPlan, with what is not
// visible written out in quotes and without comments. It needs no disk, so it says nothing about what the plan would do.
// In the place of text that is no plan stands a line that says so.
func KeptPlan(kept string) string {
	plan, ok := planAgain(kept)
	if !ok {
		return unreadablePlan
	}
	return plan
}

// planAgain reads a plan and writes it again; ok is false for text that is none.
func planAgain(kept string) (plan string, ok bool) {
	if len(kept) > maxPlan {
		return "", false
	}
	lines := bufio.NewScanner(strings.NewReader(kept))
	lines.Buffer(make([]byte, 0, 4096), maxPlanLine)
	var b strings.Builder
	for n := 0; lines.Scan(); {
		words, err := planWords(lines.Text())
		if err != nil || len(words) > 0 && !isPlanLine(words) {
			return "", false
		}
		if len(words) == 0 {
			continue
		}
		if n++; n > maxPlanOps {
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

// planWordsIn is how many words a line can have at least and at most, by its first word.
var planWordsIn = map[string][2]int{
	"image": {2, 3}, "move": {4, 8}, "resize": {3, 4}, "grow": {2, 2}, "room": {3, 4}, "new": {2, 9}, "delete": {2, 2}, "check": {2, 2},
	"copy": {4, 7}, "format": {3, 4}, "label": {3, 3}, "name": {3, 3}, "type": {3, 3}, "flag": {4, 4}, "uuid": {3, 3}, "table": {2, 3},
}

// isPlanLine reports whether words look like a line of a plan.
func isPlanLine(words []planWord) bool {
	count, ok := planWordsIn[words[0].text]
	return ok && !words[0].quoted && len(words) >= count[0] && len(words) <= count[1]
}

// again is the word as a plan file has it: quotes only where they stood and only around what they are for.
func (w planWord) again() string {
	if !w.quoted {
		return quotedUnless(w.text)
	}
	if key, value, ok := strings.Cut(w.text, "="); ok && isPlanKey(key) {
		return key + "=" + quoted(value)
	}
	return quoted(w.text)
}

// quotedUnless is text in quotes unless it is the same without.
func quotedUnless(text string) string {
	if q := quoted(text); q != `"`+text+`"` {
		return q
	}
	return text
}

// isPlanKey reports whether text can stand before the "=" of a property.
func isPlanKey(key string) bool {
	switch key {
	case "fs", "label", "name", "type", "as", "size", "from":
		return true
	}
	return false
}
