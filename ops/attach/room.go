package attach

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"shunt/ops/target"
)

// Room is where directories for mounts are made.
const Room = "/run/shunt"

// directory is where something is to be mounted: wish if there is one, else a directory that is made.
func directory(path string, p Place, wish string) (dir string, made bool, err error) {
	if wish != "" {
		dir, err := filepath.Abs(wish)
		if err == nil {
			dir, err = filepath.EvalSymlinks(dir)
		}
		if err != nil {
			return "", false, fmt.Errorf("mount at %s: %w", wish, underlying(err))
		}
		info, err := os.Stat(dir)
		switch {
		case err != nil:
			return "", false, fmt.Errorf("mount at %s: %w", wish, underlying(err))
		case !info.IsDir():
			return "", false, fmt.Errorf("mount at %s: it is no directory", wish)
		}
		if _, err := topmost(dir); err == nil {
			return "", false, fmt.Errorf("mount at %s: something is mounted there already", wish)
		}
		return dir, false, nil
	}
	if err := os.MkdirAll(Room, 0o755); err != nil {
		return "", false, fmt.Errorf("make a directory for mounts: %w", err)
	}
	name := filepath.Base(path)
	if p.Part.Number != 0 {
		name += "-p" + strconv.Itoa(p.Part.Number)
	}
	dir = filepath.Join(Room, name)
	for n := 2; ; n++ {
		err := os.Mkdir(dir, 0o755)
		if err == nil || errors.Is(err, os.ErrExist) && vacant(dir) {
			return dir, true, nil
		}
		if !errors.Is(err, os.ErrExist) || n > 1000 {
			return "", false, fmt.Errorf("make a directory for mounts: %w", err)
		}
		dir = filepath.Join(Room, name+"-"+strconv.Itoa(n))
	}
}

// vacant reports whether a directory is empty and nothing is mounted there, as it is left when something was unmounted
// by hand.
func vacant(dir string) bool {
	_, err := topmost(dir)
	if !errors.Is(err, ErrNotMounted) {
		return false
	}
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}

// mounted is a mount of this process's namespace.
type mounted struct {
	id    string // the number in its line of mountinfo
	stack int    // how many are mounted at the directory, one over the other
}

// topmost finds what is mounted at a directory; the error wraps ErrNotMounted if that is nothing.
func topmost(dir string) (mounted, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return mounted{}, fmt.Errorf("ask what is mounted: %w", err)
	}
	var found mounted
	for line := range bytes.Lines(text) {
		field := strings.Fields(string(line))
		if len(field) > 4 && target.Unescape(field[4]) == dir {
			found = mounted{id: field[0], stack: found.stack + 1}
		}
	}
	if found.stack == 0 {
		return found, fmt.Errorf("%s %w", dir, ErrNotMounted)
	}
	return found, nil
}

// users names who keeps a mount busy, and what to do about it.
func users(dir, id string) string {
	procs, err := os.ReadDir("/proc")
	if err != nil {
		return "it is in use; close what is open there first"
	}
	var list []string
	for _, proc := range procs {
		if _, err := strconv.Atoi(proc.Name()); err != nil || !uses(filepath.Join("/proc", proc.Name()), dir, id) {
			continue
		}
		name, err := os.ReadFile(filepath.Join("/proc", proc.Name(), "comm"))
		if err != nil {
			continue // it has just ended
		}
		list = append(list, fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), proc.Name()))
	}
	if len(list) == 0 {
		return fmt.Sprintf("it is in use; find by what with `fuser -vm %s`, and end that first", dir)
	}
	return fmt.Sprintf("it is in use by %s; end that or leave the directory first", strings.Join(list, ", "))
}

// uses reports whether a process has something open on a mount, or is in it.
func uses(proc, dir, id string) bool {
	for _, link := range []string{"cwd", "root", "exe"} {
		if at, err := os.Readlink(filepath.Join(proc, link)); err == nil && (at == dir || strings.HasPrefix(at, dir+"/")) {
			return true
		}
	}
	fds, err := os.ReadDir(filepath.Join(proc, "fdinfo"))
	if err != nil {
		return false
	}
	for _, fd := range fds {
		text, err := os.ReadFile(filepath.Join(proc, "fdinfo", fd.Name()))
		if err == nil && slices.Contains(strings.Fields(afterLabel(string(text), "mnt_id:")), id) {
			return true
		}
	}
	return false
}

// afterLabel is the rest of the line that begins with a label.
func afterLabel(text, label string) string {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, label); ok {
			return rest
		}
	}
	return ""
}
