package fsys

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"shunt/model"
	"shunt/ops/report"
)

func erofsDriver() Driver {
	d := mountable(model.EROFS, "EROFS is read-only and has a fixed size", mountedAs("erofs", ""))
	d.Package, d.check, d.verify = "erofs-utils", can("fsck.erofs"), job.verifyEROFS
	d.Ask = ask("erofs-utils", "dump.erofs", "-s", "{}")
	d.ways = []Way{mountedWay(d.Mounts[0]), {Name: "dump.erofs", Read: readDumpEROFS}}
	return d
}

// verifyEROFS runs fsck.erofs. Some versions exit with 0 although they found errors, so their final message is what counts.
// They only print it at this message level.
func (j job) verifyEROFS(ctx context.Context) error {
	argv := []string{"fsck.erofs", "-d3", j.path}
	exit, output, err := j.run(ctx, zeroOnly, argv...)
	if err == nil && !strings.Contains(output, "No errors found") {
		err = &ToolError{Argv: argv, Exit: exit, Means: "errors were found", Output: output}
	}
	return advise(err, "make the image anew: nothing repairs EROFS")
}

var (
	// dumpEROFSKind is the line in which dump.erofs tells what an inode is, and dumpEROFSLine one entry of a directory:
	// number, kind, name.
	dumpEROFSKind = regexp.MustCompile(`^Size: \d+ +On-disk size: \d+ +(.*)$`)
	dumpEROFSLine = regexp.MustCompile(`^ *\d+ +(\d+)  (.+)$`)
)

// readDumpEROFS lists a directory with dump.erofs, which tells names and kinds and nothing else. A name that holds a line
// break is cut there.
func readDumpEROFS(ctx context.Context, src Files, dir []string) (entries []report.FileEntry, more bool, err error) {
	window, err := src.Window()
	if err != nil {
		return nil, false, err
	}
	kind := ""
	argv := []string{"dump.erofs", "--ls", "--path=/" + strings.Join(dir, "/"), window}
	exit, last, more, err := runLines(ctx, "erofs-utils", nil, argv, func(line string) bool {
		if m := dumpEROFSKind.FindStringSubmatch(line); m != nil && kind == "" {
			kind = m[1]
		} else if m := dumpEROFSLine.FindStringSubmatch(line); m != nil && kind != "" {
			entries = append(entries, report.NewFileEntry(m[2], dumpEROFSEntry(m[1]), -1, time.Time{}))
		}
		return len(entries) <= MostEntries+2 // "." and ".." are among them
	})
	switch {
	case err != nil:
		return nil, false, err
	case exit != 0, kind == "" && len(dir) == 0:
		return nil, false, fmt.Errorf("dump.erofs ended with exit code %d: %s", exit, last)
	case kind != "directory":
		return nil, false, ErrNoDirectory
	}
	return entries[:min(len(entries), MostEntries+2)], more, nil
}

// dumpEROFSEntry is the kind of an entry by its number in the directory.
func dumpEROFSEntry(number string) report.FileKind {
	switch number {
	case "1":
		return report.FileRegular
	case "2":
		return report.FileDirectory
	case "7":
		return report.FileSymlink
	}
	return report.FileOther
}
