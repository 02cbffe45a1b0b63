package attach

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/target"
)

// MountDir is the directory in which root's directories for mounts are made. Those of other users are in
// $XDG_RUNTIME_DIR/shunt, or, where that is not set, in /tmp/shunt-UID.
const MountDir = "/run/shunt"

// mountRoom returns the directory for this user's directories for mounts.
func mountRoom() string { return roomOf(os.Geteuid(), os.Getenv("XDG_RUNTIME_DIR")) }

// roomOf returns that of any user. dir is the user's directory for runtime files, or "".
func roomOf(uid int, dir string) string {
	if uid == 0 {
		return MountDir
	}
	if filepath.IsAbs(dir) {
		info, err := os.Lstat(dir)
		if err == nil && info.IsDir() && info.Mode().Perm() == 0o700 && ownedBy(info, uid) {
			return filepath.Join(dir, "shunt")
		}
	}
	return filepath.Join(os.TempDir(), "shunt-"+strconv.Itoa(uid))
}

func ownedBy(info fs.FileInfo, uid int) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == uid
}

// makeRoom makes that directory and returns its path without links. Nobody else may change what is in it.
func makeRoom() (real string, err error) {
	dir := mountRoom()
	mode := fs.FileMode(0o755)
	if os.Geteuid() != 0 {
		mode = 0o700
	}
	if err := os.Mkdir(dir, mode); err == nil {
		defer func() {
			if real == "" {
				_ = os.Remove(dir) // nothing is in it
			}
		}()
	} else if !errors.Is(err, os.ErrExist) {
		return "", err
	}
	room, real, err := target.Guarded(dir)
	if err != nil {
		return "", err
	}
	defer func() { _ = room.Close() }() // it was only looked at
	info, err := room.Stat()
	if err == nil && (!info.IsDir() || !ownedBy(info, os.Geteuid()) || info.Mode().Perm()&0o022 != 0) {
		err = fmt.Errorf("others can change what is in %s: remove it, or name a directory", dir)
	}
	if err != nil {
		return "", err
	}
	return real, nil
}

// removeSpot removes a directory if it is one that makeSpot makes, and vacant. For users other than root it also removes
// the directory above it when that is empty.
func removeSpot(dir string) {
	room, err := filepath.EvalSymlinks(mountRoom())
	if err != nil || filepath.Dir(dir) != room || !vacant(dir) {
		return
	}
	_ = os.Remove(dir) // another shunt may have taken it
	if os.Geteuid() != 0 {
		_ = os.Remove(room) // it stays while there is something in it
	}
}

// A spot is a directory to mount something at.
type spot struct {
	*os.File
	path string // as the kernel will report it
	made bool   // Mount has made it
}

// directory returns the directory to mount something at: wish, or a new one if wish is "". The caller must close it.
func directory(path string, p Source, wish string) (at spot, err error) {
	if wish == "" {
		if at, err = makeSpot(path, p); err != nil {
			err = tried.Errorf("make a directory for mounts: %w", err)
		}
		return at, err
	}
	dir, err := filepath.Abs(wish)
	if err != nil {
		return spot{}, tried.Errorf("mount at %s: %w", wish, err)
	}
	f, real, err := target.Guarded(dir)
	if err != nil {
		return spot{}, tried.Errorf("mount at %s: %w", wish, err)
	}
	if _, err := topmost(real); err == nil {
		return spot{}, errors.Join(tried.Errorf("mount at %s: something is mounted there already", wish), f.Close())
	}
	return spot{File: f, path: real}, nil
}

// makeSpot makes a directory for a mount. It reuses an empty one, which is left when somebody unmounts by hand.
func makeSpot(path string, p Source) (spot, error) {
	room, err := makeRoom()
	if err != nil {
		return spot{}, err
	}
	name := filepath.Base(path)
	switch n := p.Part.Number; {
	case n > 0:
		name += "-p" + strconv.Itoa(n)
	case n < 0:
		name += fmt.Sprintf("-at-%d", model.PartID(n).LostAt())
	}
	const most = 1000
	for n, dir := 2, filepath.Join(room, name); ; n++ {
		err := os.Mkdir(dir, 0o755)
		if err == nil || errors.Is(err, os.ErrExist) && vacant(dir) {
			f, real, err := target.Guarded(dir)
			return spot{File: f, path: real, made: true}, err
		}
		if !errors.Is(err, os.ErrExist) || n > most {
			return spot{}, err
		}
		dir = filepath.Join(room, name+"-"+strconv.Itoa(n))
	}
}

// vacant reports whether a directory is empty and not a mount point.
func vacant(dir string) bool {
	_, err := topmost(dir)
	if !errors.Is(err, ErrNotMounted) {
		return false
	}
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}

// mounted is the topmost mount at a directory in this process's namespace.
type mounted struct {
	id    string // the number in its line of mountinfo
	stack int    // how many mounts lie at the directory, one over the other
}

// topmost finds the topmost mount at a directory. The error wraps ErrNotMounted if there is none.
func topmost(dir string) (mounted, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return mounted{}, tried.Errorf("list mounts: %w", err)
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

// lookForUsers says how to find who keeps a mount busy.
func lookForUsers(dir string) string {
	return fmt.Sprintf("if it is in use, find the program with `fuser -vm %s`, and end it first", dir)
}

// users names the processes that keep a mount busy, and adds advice. It returns "" if it finds none.
func users(dir, id string) string {
	var list []string
	procs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is not malformed
	for _, proc := range procs {
		name, err := os.ReadFile(filepath.Join(proc, "comm"))
		if err == nil && uses(proc, dir, id) {
			list = append(list, fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), filepath.Base(proc)))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("it is in use by %s; end that or leave the directory first", strings.Join(list, ", "))
}

// uses reports whether a process has a file open on a mount, or its working directory there.
func uses(proc, dir, id string) bool {
	for _, link := range []string{"cwd", "root", "exe"} {
		if at, err := os.Readlink(filepath.Join(proc, link)); err == nil && (at == dir || strings.HasPrefix(at, dir+"/")) {
			return true
		}
	}
	files, _ := filepath.Glob(filepath.Join(proc, "fdinfo", "*"))
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && bytes.Contains(text, []byte("\nmnt_id:\t"+id+"\n"))
	})
}
