package fsys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/filesystem/fat16"
	"github.com/diskfs/go-diskfs/filesystem/fat32"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
)

// mdirLine is a line of mdir: short name, extension, size or <DIR>, date, time, and the long name if there is one.
var mdirLine = regexp.MustCompile(`^(.{8}) (.{3}) +(<DIR>|\d+) +(\d{4}-\d\d-\d\d) +(\d{1,2}:\d\d)(?: ?|  (.*))$`)

// readMdir lists a directory of FAT with mtools, which like FAT ignores the case of names.
func readMdir(ctx context.Context, src Files, dir []string) (entries []report.FileEntry, more bool, err error) {
	window, err := src.Window()
	if err != nil {
		return nil, false, err
	}
	path := "::/" + mtoolsQuoted(strings.Join(dir, "/"))
	if len(dir) > 0 {
		path += "/" // of a file nothing is listed then
	}
	exit, last, more, err := runLines(ctx, "mtools", []string{"MTOOLSRC=/dev/null", "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8"}, []string{"mdir", "-a", "-i", window, path}, func(line string) bool {
		if m := mdirLine.FindStringSubmatch(line); m != nil {
			entries = append(entries, mdirParse(m))
		}
		return len(entries) <= MostEntries
	})
	switch {
	case err != nil:
		return nil, false, err
	case exit != 0 && (strings.Contains(last, "not found") || strings.Contains(last, "Path component")):
		return nil, false, ErrNoDirectory
	case exit != 0:
		return nil, false, fmt.Errorf("mdir ended with exit code %d: %s", exit, last)
	}
	return entries[:min(len(entries), MostEntries)], more, nil
}

func mdirParse(m []string) report.FileEntry {
	name := strings.TrimRight(m[1], " ")
	if ext := strings.TrimRight(m[2], " "); ext != "" {
		name += "." + ext
	}
	if m[6] != "" {
		name = m[6]
	}
	when, _ := time.Parse("2006-01-02 15:04", m[4]+" "+m[5])
	if m[3] == "<DIR>" {
		return report.NewFileEntry(name, report.FileDirectory, -1, when)
	}
	size, _ := strconv.ParseInt(m[3], 10, 64)
	return report.NewFileEntry(name, report.FileRegular, geometry.Bytes(size), when)
}

// mtoolsQuoted quotes characters that mtools would take for a pattern.
func mtoolsQuoted(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`).Replace(path)
}

// libraryReadsFAT returns an error if go-diskfs must not read the FAT file system. The library reads a whole FAT at once, wants
// two equal ones, follows endless chains and takes names in code pages for UTF-8.
func libraryReadsFAT(src Files) error {
	const mostTable = 8 << 20 // go-diskfs takes some four times as much memory
	b := make([]byte, 512)
	if n, err := src.Base.ReadAt(b, src.Off); n < len(b) {
		return err
	}
	u16 := func(off int) int64 { return int64(binary.LittleEndian.Uint16(b[off:])) }
	sector, sectors := u16(11), u16(22)
	if sectors == 0 {
		sectors = int64(binary.LittleEndian.Uint32(b[36:]))
	}
	if sector < 512 || sector > 4096 || sector&(sector-1) != 0 || b[13] == 0 || b[13]&(b[13]-1) != 0 || u16(14) == 0 || b[16] != 2 ||
		sectors == 0 || sectors > mostTable/sector || (u16(14)+2*sectors)*sector > src.Len {
		return errNotSuited
	}
	return fatAcyclic(src, u16(14)*sector, sectors*sector)
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

// fatAcyclic returns an error unless every chain in the FAT of n bytes at off ends. go-diskfs would follow an endless one until
// no memory is left. fatAcyclic itself uses a few bytes of memory for each entry.
func fatAcyclic(src Files, off, n int64) error {
	b := make([]byte, n)
	if got, err := src.Base.ReadAt(b, src.Off+off); got < len(b) {
		return err
	}
	next := fatEntries(b, src.Kind)
	const walking, done = 1, 2
	state := make([]byte, next.len)
	for start := 2; start < next.len; start++ {
		at := start
		for at >= 2 && at < next.len && state[at] == 0 {
			state[at] = walking
			at = next.of(at)
		}
		if at >= 2 && at < next.len && state[at] == walking {
			return errCyclic
		}
		for at = start; at >= 2 && at < next.len && state[at] == walking; at = next.of(at) {
			state[at] = done
		}
	}
	return nil
}

// fatTable says which cluster follows another one. A number that is not a cluster ends a chain.
type fatTable struct {
	of  func(cluster int) int
	len int
}

func fatEntries(b []byte, kind model.FSKind) fatTable {
	switch kind {
	case model.FAT12:
		return fatTable{func(c int) int {
			pair := binary.LittleEndian.Uint16(b[c*3/2:])
			if c%2 == 1 {
				return int(pair >> 4)
			}
			return int(pair & 0xFFF)
		}, len(b) * 2 / 3}
	case model.FAT16:
		return fatTable{func(c int) int { return int(binary.LittleEndian.Uint16(b[c*2:])) }, len(b) / 2}
	default:
		return fatTable{func(c int) int { return int(binary.LittleEndian.Uint32(b[c*4:]) & 0x0FFFFFFF) }, len(b) / 4}
	}
}
