package tool

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// loopNode is a device node for loop devices.
type loopNode struct {
	name string
	dev  uint64
}

// loopNodes are those in a sandbox's /dev.
type loopNodes struct{ shown bool }

// spare is how many free loop devices a tool is shown: others may take some of them before it can.
const spare = 8

// freeLoops are the node by which loop devices are asked for, and those of some that nobody uses.
func freeLoops() ([]loopNode, error) {
	const control = "/dev/loop-control"
	fd, err := unix.Open(control, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, tried.Errorf("open %s: %w", control, err)
	}
	defer func() { _ = unix.Close(fd) }() // only asked
	nodes := []loopNode{}
	first, err := unix.IoctlRetInt(fd, unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return nil, tried.Errorf("find a free loop device: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Stat(control, &st); err != nil {
		return nil, tried.Errorf("look at %s: %w", control, err)
	}
	nodes = append(nodes, loopNode{"loop-control", st.Rdev})
	for i := first; len(nodes) <= spare && i < first+4*spare; i++ {
		name := fmt.Sprintf("loop%d", i)
		if _, err := os.Stat(filepath.Join("/sys/block", name, "loop/backing_file")); err == nil {
			continue // in use
		}
		if unix.Stat("/dev/"+name, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFBLK {
			nodes = append(nodes, loopNode{name, st.Rdev})
		}
	}
	return nodes, nil
}

// show makes the nodes in /dev; without any, those that are there stay.
func (l *loopNodes) show(nodes []loopNode) error {
	if len(nodes) == 0 {
		return nil
	}
	l.shown = true
	for _, n := range nodes {
		path := "/dev/" + n.name
		mode := uint32(unix.S_IFBLK)
		if n.name == "loop-control" {
			mode = unix.S_IFCHR
		}
		if err := unix.Mknod(path, mode|0o600, int(n.dev)); err != nil && !errors.Is(err, fs.ErrExist) {
			return tried.Errorf("make %s in the sandbox: %w", path, err)
		}
	}
	return nil
}

// hide removes the nodes that nothing is mounted from, and lets tools under the rules use the others, if there are rules.
// It is called in the sandbox, by a thread that is under no rules.
func (l *loopNodes) hide(rules int) error {
	if !l.shown {
		return nil
	}
	mounts, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return tried.Errorf("ask what is mounted: %w", err)
	}
	nodes, err := filepath.Glob("/dev/loop*")
	for _, path := range nodes {
		switch used := bytes.Contains(mounts, []byte(" "+path+" ")) && !strings.HasSuffix(path, "-control"); {
		case !used:
			err = errors.Join(err, os.Remove(path))
		case rules >= 0:
			files, _, _, _ := handled(landlockVersion())
			err = errors.Join(err, grant(rules, path, landlockNode&files))
		}
	}
	return err
}
