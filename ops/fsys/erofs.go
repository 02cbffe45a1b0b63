package fsys

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"

	"shunt/model"
	"shunt/ops/report"
)

func erofsDriver() Driver {
	d := mountable(model.EROFS, "EROFS is read-only and has a fixed size", mountedAs("erofs", ""))
	d.Package, d.check, d.verify = "erofs-utils", can("fsck.erofs"), job.verifyEROFS
	d.Ask = ask("erofs-utils", "dump.erofs", "-s", "{}")
	d.ways = []Way{mountedWay(d.Mounts[0]), lister{"dump.erofs", "erofs-utils", nil, listDumpEROFS}.way()}
	return d
}

// verifyEROFS runs fsck.erofs. Some versions exit with 0 although they found errors, so the final message decides. It is
// only printed at this message level.
func (j job) verifyEROFS(ctx context.Context) error {
	argv := []string{"fsck.erofs", "-d3", j.path}
	exit, output, err := j.run(ctx, zeroOnly, argv...)
	if err == nil && !strings.Contains(output, "No errors found") {
		err = &ToolError{Argv: argv, Exit: exit, Means: "errors were found", Output: output}
	}
	return advise(err, "make the image anew: nothing repairs EROFS")
}

var (
	// dumpEROFSKind matches the line in which dump.erofs prints the kind of an inode. dumpEROFSLine matches an entry of a
	// directory: number, kind, name.
	dumpEROFSKind = regexp.MustCompile(`^Size: \d+ +On-disk size: \d+ +(.*)$`)
	dumpEROFSLine = regexp.MustCompile(`^ *\d+ +(\d+)  (.+)$`)
)

// dumpEROFSKinds maps the numbers of kinds in dump.erofs to kinds of files.
var dumpEROFSKinds = map[string]report.FileKind{"1": report.FileRegular, "2": report.FileDirectory, "7": report.FileSymlink}

// listDumpEROFS lists a directory with dump.erofs, which only prints names and kinds. A name with a line break is cut off
// there.
func listDumpEROFS(ctx context.Context, l lister, window string, dir []string) ([]report.FileEntry, bool, error) {
	kind := ""
	entries, more, err := l.list(ctx, func(line string) (e report.FileEntry, ok bool) {
		if kind == "" {
			if m := dumpEROFSKind.FindStringSubmatch(line); m != nil {
				kind = m[1]
			}
			return e, false
		}
		m := dumpEROFSLine.FindStringSubmatch(line)
		if m == nil {
			return e, false
		}
		return newEntry(m[2], cmp.Or(dumpEROFSKinds[m[1]], report.FileOther), "", "", ""), true
	}, "dump.erofs", "--ls", "--path=/"+strings.Join(dir, "/"), window)
	switch {
	case err == nil && kind == "" && len(dir) == 0:
		err = errors.New("dump.erofs finds no root directory")
	case err == nil && kind != "directory":
		err = ErrNoDirectory
	}
	return entries, more, err
}
