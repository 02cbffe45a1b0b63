package listing

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"shunt/geometry"
	"shunt/ops"
)

// ntfslsLine is a line of `ntfsls -l -F`: size, date, name, and "/" behind a directory's name.
var ntfslsLine = regexp.MustCompile(`^ *(\d+) ([A-Z][a-z]{2} [ \d]\d \d\d:\d\d \d{4}) (.*)$`)

// readNtfsls lists a directory of NTFS. --force reads volumes that are marked dirty; nothing is written in any case.
func readNtfsls(ctx context.Context, src Source, dir []string) (entries []ops.FileEntry, more bool, err error) {
	window, err := src.Window()
	if err != nil {
		return nil, false, err
	}
	argv := []string{"ntfsls", "--force", "--long", "--all", "--classify", "--path", "/" + strings.Join(dir, "/"), window}
	exit, last, more, err := run(ctx, "ntfs-3g", []string{"LC_ALL=C.UTF-8"}, argv, func(line string) bool {
		m := ntfslsLine.FindStringSubmatch(line)
		if m == nil {
			return true
		}
		size, _ := strconv.ParseInt(m[1], 10, 64)
		when, _ := time.Parse("Jan _2 15:04 2006", m[2])
		if name, ok := strings.CutSuffix(m[3], "/"); ok {
			entries = append(entries, ops.NewFileEntry(name, ops.FileDirectory, -1, when))
		} else {
			entries = append(entries, ops.NewFileEntry(m[3], ops.FileRegular, geometry.Bytes(size), when))
		}
		return len(entries) <= MostEntries
	})
	switch {
	case err != nil:
		return nil, false, err
	case exit != 0 && strings.Contains(last, "not found"):
		return nil, false, ErrNoDirectory
	case exit != 0:
		return nil, false, fmt.Errorf("ntfsls ended with exit code %d: %s", exit, last)
	}
	return entries[:min(len(entries), MostEntries)], more, nil
}
