package target

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Guarded opens the directory at an absolute path as a path only (O_PATH) and returns its path without links. The caller
// closes the file. Guarded fails unless only root and this user can replace the directory: they must own every directory
// and link on the way. A directory in which others can write, such as /tmp, is allowed if they cannot rename files of
// other owners there.
func Guarded(path string) (dir *os.File, real string, err error) {
	const mostSteps = 255
	rest := strings.Split(path, "/")
	at, err := openPath(unix.AT_FDCWD, "/")
	if err != nil {
		return nil, "", err
	}
	real = "/"
	defer func() {
		if err != nil {
			_ = at.Close() // err says more
		}
	}()
	for steps := 0; len(rest) > 0; steps++ {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		if steps > mostSteps {
			return nil, "", errors.New("too many links lead to it")
		}
		next, err := openPath(int(at.Fd()), name)
		if err != nil {
			return nil, "", err
		}
		path := filepath.Join(real, name)
		link, err := step(at, next, path)
		if err != nil {
			return nil, "", errors.Join(err, next.Close())
		}
		if link != "" {
			_ = next.Close() // the link has been read
			rest = append(strings.Split(link, "/"), rest...)
			if !filepath.IsAbs(link) {
				continue
			}
			path = "/"
			if next, err = openPath(unix.AT_FDCWD, path); err != nil {
				return nil, "", err
			}
		}
		_ = at.Close() // only a handle
		at, real = next, path
	}
	return at, real, nil
}

// openPath opens a name in a directory as a path only (O_PATH), without following links.
func openPath(at int, name string) (*os.File, error) {
	fd, err := unix.Openat(at, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// step fails if others can change where the last name of the path leads. If that name is a link, step returns the text of
// the link.
func step(from, to *os.File, path string) (link string, err error) {
	var dir, st unix.Stat_t
	if err := errors.Join(unix.Fstat(int(from.Fd()), &dir), unix.Fstat(int(to.Fd()), &st)); err != nil {
		return "", err
	}
	ours := func(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }
	shared := dir.Mode&0o022 != 0
	if sticky := dir.Mode&unix.S_ISVTX != 0; !ours(dir.Uid) || shared && (!sticky || !ours(st.Uid)) {
		return "", fmt.Errorf("others can put something else in the place of %s", path)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return "", nil
	case unix.S_IFLNK:
		if !ours(st.Uid) {
			return "", fmt.Errorf("%s is a link that belongs to another user", path)
		}
		b := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(int(to.Fd()), "", b)
		return string(b[:max(0, n)]), err
	}
	return "", fmt.Errorf("%s is not a directory", path)
}
