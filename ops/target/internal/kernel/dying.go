package kernel

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// exiting is the flag PF_EXITING of a process, which the kernel shows in /proc/PID/stat.
const exiting = 0x4

// Dying reports whether any process is at its end and still may hold files: one that was killed while it waits for a disk
// has no list of open files any more, and keeps its locks until the disk has answered.
func (k Kernel) Dying() bool {
	for _, proc := range names(k.proc) {
		if _, err := strconv.Atoi(proc); err == nil && k.atItsEnd(proc) {
			return true
		}
	}
	return false
}

// atItsEnd reports whether a process is going to let go of all it has by itself.
func (k Kernel) atItsEnd(proc string) bool {
	stat, err := os.ReadFile(filepath.Join(k.proc, proc, "stat"))
	return err == nil && endsSoon(string(stat))
}

// endsSoon tells it from the text of /proc/PID/stat: "PID (name) state …", where the name may hold anything, the flags are
// the 9th field and the number of threads is the 20th. A zombie with one thread has closed its files; one with more is the
// first thread of a process whose other threads are not through.
func endsSoon(stat string) bool {
	_, rest, ok := strings.Cut(stat[strings.LastIndex(stat, ")")+1:], " ")
	field := strings.Fields(rest)
	if !ok || len(field) < 18 {
		return false
	}
	flags, err := strconv.ParseUint(field[6], 10, 64)
	if err != nil || flags&exiting == 0 {
		return false
	}
	threads, err := strconv.Atoi(field[17])
	return err == nil && (field[0] != "Z" && field[0] != "X" || threads > 1)
}
