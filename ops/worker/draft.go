package worker

import (
	"regexp"
	"strconv"
	"strings"

	"shunt/model/safetext"
)

// maxSaid is how many characters of a tool's line are shown at most.
const maxSaid = 200

var (
	percentage = regexp.MustCompile(`(?:^|[\s|:])(\d{1,3})(?:[.,](\d))?\d*\s?(?:%|percent)`) // checks and most resizes
	counted    = regexp.MustCompile(`\b(\d{1,9})/(\d{1,9})$`)                                // mke2fs: groups
	barred     = regexp.MustCompile(`\s(X+-*|X*-+)$`)                                        // resize2fs -p
)

// drafted splits a tool's line into text that can be shown, without a progress bar, and the tool's progress in thousandths.
// was is the progress before.
func drafted(was int, line string) (said string, share int) {
	line = strings.TrimSpace(line)
	share = shareOf(line)
	if share == 0 && strings.HasPrefix(line, "Pass ") {
		share = was // e2fsck prints these lines between those of its bar
	}
	if at := strings.Index(line, ": |"); at > 0 {
		line = "" // the bar of e2fsck
	} else if bar := barred.FindStringIndex(line); bar != nil {
		line = strings.TrimSpace(line[:bar[0]])
	}
	runes := []rune(safetext.Printable(strings.ReplaceAll(line, "\t", " ")))
	return string(runes[:min(len(runes), maxSaid)]), share
}

// shareOf returns the progress that a line states, in thousandths, or 0.
func shareOf(line string) int {
	if m := percentage.FindStringSubmatch(line); m != nil && !strings.Contains(line, "non-contiguous") {
		whole, _ := strconv.Atoi(m[1])
		tenth, _ := strconv.Atoi(m[2])
		return min(10*whole+tenth, 1000)
	}
	if m := counted.FindStringSubmatch(line); m != nil {
		n, _ := strconv.Atoi(m[1])
		of, _ := strconv.Atoi(m[2])
		if of > 0 && n <= of {
			return 1000 * n / of
		}
	}
	if m := barred.FindStringSubmatch(line); m != nil && len(m[1]) >= 10 {
		return 1000 * strings.Count(m[1], "X") / len(m[1])
	}
	return 0
}
