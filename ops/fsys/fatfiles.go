package fsys

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/filesystem/fat16"
	"github.com/diskfs/go-diskfs/filesystem/fat32"

	"shunt/model"
	"shunt/model/scan/fatfs"
	"shunt/ops/report"
)

// mdirLine matches a line of mdir: short name, extension, size or <DIR>, date, time, and the long name if there is one.
var mdirLine = regexp.MustCompile(`^(.{8}) (.{3}) +(<DIR>|\d+) +(\d{4}-\d\d-\d\d) +(\d{1,2}:\d\d)(?: ?|  (.*))$`)

// listMdir lists a directory of FAT with mtools. Like FAT itself, mtools ignores the case of names.
func listMdir(ctx context.Context, l lister, window string, dir []string) ([]report.FileEntry, bool, error) {
	path := "::/" + mtoolsQuoted(strings.Join(dir, "/"))
	if len(dir) > 0 {
		path += "/" // for a file, mdir then prints nothing
	}
	entries, more, err := l.list(ctx, parseMdir, "mdir", "-a", "-i", window, path)
	if failed := (*ToolError)(nil); errors.As(err, &failed) &&
		(strings.Contains(failed.Output, "not found") || strings.Contains(failed.Output, "Path component")) {
		err = ErrNoDirectory
	}
	return entries, more, err
}

func parseMdir(line string) (e report.FileEntry, ok bool) {
	m := mdirLine.FindStringSubmatch(line)
	if m == nil {
		return e, false
	}
	name := strings.TrimRight(m[1], " ")
	if ext := strings.TrimRight(m[2], " "); ext != "" {
		name += "." + ext
	}
	kind := report.FileRegular
	if m[3] == "<DIR>" {
		kind = report.FileDirectory
	}
	return newEntry(cmp.Or(m[6], name), kind, m[3], "2006-01-02 15:04", m[4]+" "+m[5]), true
}

// mtoolsQuoted escapes the characters that mtools would read as a pattern.
func mtoolsQuoted(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`).Replace(path)
}

// libraryReadsFAT returns an error if go-diskfs must not read this file system. The library loads a whole FAT into
// memory, requires two equal copies, follows endless chains, and decodes names as UTF-8 although they may be in a code
// page.
func libraryReadsFAT(src Files) error {
	const mostTable = 8 << 20 // go-diskfs uses about four times as much memory
	b := make([]byte, fatfs.BootSize)
	if err := readFull(src.Base, b, src.Off); err != nil {
		return err
	}
	v, ok := fatfs.Parse(b)
	if !ok || v.Kind != src.Kind || v.Copies != 2 || v.FATSectors > mostTable/v.SectorSize ||
		v.RootStart()*v.SectorSize > src.Len {
		return errNotSuited
	}
	return fatAcyclic(src, v)
}

func readFATLibrary(_ context.Context, src Files, dir []string) ([]report.FileEntry, bool, error) {
	s := newStorage(src)
	return guarded(func() (directories, error) {
		switch src.Kind {
		case model.FAT12:
			return fat12.Read(s, src.Len, 0, 512)
		case model.FAT16:
			return fat16.Read(s, src.Len, 0, 512)
		default:
			return fat32.Read(s, src.Len, 0, 512)
		}
	}, dir)
}

var errCyclic = errors.New("a chain of clusters leads back into itself")

// fatAcyclic returns an error unless every chain in the first FAT ends. go-diskfs would follow an endless chain until it
// runs out of memory. fatAcyclic uses a few bytes of memory for each entry.
func fatAcyclic(src Files, v fatfs.Volume) error {
	b := make([]byte, v.FATSectors*v.SectorSize)
	if err := readFull(src.Base, b, src.Off+v.FATAt(0)); err != nil {
		return err
	}
	const walking, done = 1, 2
	state := make([]byte, v.Capacity()+fatfs.FirstCluster)
	// A number that is no cluster ends a chain.
	is := func(at int64, want byte) bool {
		return at >= fatfs.FirstCluster && at < int64(len(state)) && state[at] == want
	}
	next := func(at int64) int64 { return entryOf(b, v.Kind, at).number() }
	for start := int64(fatfs.FirstCluster); start < int64(len(state)); start++ {
		at := start
		for ; is(at, 0); at = next(at) {
			state[at] = walking
		}
		if is(at, walking) {
			return errCyclic
		}
		for at = start; is(at, walking); at = next(at) {
			state[at] = done
		}
	}
	return nil
}
