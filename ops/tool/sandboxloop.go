package tool

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// deviceNode is a node in /dev.
type deviceNode struct {
	path string
	st   unix.Stat_t
}

// maxLoops is how many free loop devices a tool sees. One is not enough, since other programs may take it first.
const maxLoops = 64

// freeLoops returns the nodes of /dev/loop-control and of loop devices that are not in use. It works out the latter's
// numbers and does not look for them in /dev, since the kernel makes a new loop device only when all others are taken.
func freeLoops() ([]deviceNode, error) {
	control := deviceNode{path: "/dev/loop-control"}
	fd, err := unix.Open(control.path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, tried.Errorf("open %s: %w", control.path, err)
	}
	defer func() { _ = unix.Close(fd) }() // only asked
	first, err := unix.IoctlRetInt(fd, unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return nil, tried.Errorf("find a free loop device: %w", err)
	}
	if err := unix.Stat(control.path, &control.st); err != nil {
		return nil, tried.Errorf("look at %s: %w", control.path, err)
	}
	nodes := []deviceNode{control}
	shift := loopPartBits()
	for i := first; len(nodes) <= maxLoops; i++ {
		name := fmt.Sprintf("loop%d", i)
		if _, err := os.Stat(filepath.Join("/sys/block", name, "loop/backing_file")); err == nil {
			continue // in use
		}
		n := deviceNode{path: "/dev/" + name}
		n.st.Mode, n.st.Rdev = unix.S_IFBLK, unix.Mkdev(loopMajor, uint32(i)<<shift)
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// loopMajor is the major number of loop devices (the kernel's admin-guide/devices.txt).
const loopMajor = 7

// loopPartBits returns how many bits of a loop device's minor number are for the partition. The kernel takes as many as the
// module's parameter max_part needs, which is 0 unless somebody has set it.
func loopPartBits() int {
	text, err := os.ReadFile("/sys/module/loop/parameters/max_part")
	if err != nil {
		return 0
	}
	most, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil {
		return 0
	}
	return bits.Len64(most)
}

// showLoops makes the nodes in the sandbox's /dev.
func (s *Sandbox) showLoops(nodes []deviceNode) error {
	for _, n := range nodes {
		s.loopsShown = true
		if err := unix.Mknod(n.path, n.st.Mode&unix.S_IFMT|0o600, int(n.st.Rdev)); err != nil && !errors.Is(err, fs.ErrExist) {
			return tried.Errorf("make %s in the sandbox: %w", n.path, err)
		}
	}
	return nil
}

// hideLoops removes the nodes of loop devices that are not mounted, and adds Landlock rules for the others. It must be
// called in the sandbox, by a thread that is not under Landlock rules.
func (s *Sandbox) hideLoops() error {
	if !s.loopsShown {
		return nil
	}
	mounts, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return tried.Errorf("list mounts: %w", err)
	}
	nodes, err := filepath.Glob("/dev/loop*")
	for _, path := range nodes {
		switch used := bytes.Contains(mounts, []byte(" "+path+" ")) && !strings.HasSuffix(path, "-control"); {
		case !used:
			err = errors.Join(err, os.Remove(path))
		case s.rules >= 0:
			err = errors.Join(err, grant(s.rules, path, landlockNode&landlockRights(landlockVersion()).Handled_access_fs))
		}
	}
	return err
}
