package fsys

import (
	"context"
	"path"
	"regexp"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/ops/report"
	runner "shunt/ops/tool"
)

var (
	// f2fsEntry matches a line of the tree that fsck.f2fs prints.
	f2fsEntry = regexp.MustCompile(`^((?:\|   )*)\|-- (.*) <ino = 0x([0-9a-f]+)>, <encrypted \(\d+\)>$`)
	// f2fsPlaces matches a line of its map: a path and the blocks with the content.
	f2fsPlaces = regexp.MustCompile(`^(/.*?)((?: \d+(?:-\d+)?)+)$`)
)

// walkF2FS lists all files as fsck.f2fs prints them: first the tree, and then the blocks of each file. There is no other
// program that lists them. The size is that of the blocks.
func (j job) walkF2FS(ctx context.Context) (tree, error) {
	t := tree{}
	var above []string // the directories that lead to the next line
	var full error
	ask := func(option string, onLine func(string)) error {
		_, err := runner.Run(ctx, runner.Cmd{Argv: []string{"fsck.f2fs", "--dry-run", option, j.path}, OnOutput: onLine})
		return err
	}
	err := ask("-t", func(line string) {
		m := f2fsEntry.FindStringSubmatch(line)
		if m == nil || full != nil {
			return
		}
		above = append(above[:min(len(m[1])/len("|   "), len(above))], m[2])
		id, _ := strconv.ParseInt(m[3], 16, 64)
		full = t.add("/"+path.Join(above...), node{id: id, kind: report.FileRegular})
	})
	if err == nil && full == nil {
		err = ask("-M", func(line string) {
			m := f2fsPlaces.FindStringSubmatch(line)
			if m == nil {
				return
			}
			if n, ok := t[m[1]]; ok {
				var h placeHash
				h.add(m[2])
				n.size, n.blocks = f2fsLength(m[2]), h.sum
				t[m[1]] = n
			}
		})
	}
	if err == nil {
		err = full
	}
	return t, err
}

// f2fsLength returns how long the listed runs of blocks are.
func f2fsLength(runs string) (n geometry.Bytes) {
	const block = 4 * geometry.KiB
	for _, run := range strings.Fields(runs) {
		from, to, several := strings.Cut(run, "-")
		first, _ := strconv.ParseInt(from, 10, 64)
		last := first
		if several {
			last, _ = strconv.ParseInt(to, 10, 64)
		}
		n += geometry.Bytes(max(0, last-first+1)) * block
	}
	return n
}
