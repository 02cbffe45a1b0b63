package partfs

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/tool"
)

// Isolation is a way to get windows on this machine.
type Isolation uint8

// The ways, best first.
const (
	// RootNamespace: the process that serves has a mount namespace of its own.
	RootNamespace Isolation = iota
	// UserNamespace: it has a user namespace, too, in which an ordinary user may mount.
	UserNamespace
	// SetuidHelper: it shares all with others, and fusermount3 mounts.
	SetuidHelper
)

var howNames = [...]string{RootNamespace: "root-namespace", UserNamespace: "user-namespace", SetuidHelper: "fusermount"}

// String is a word that ParseIsolation understands, to hand the way over to another process.
func (h Isolation) String() string {
	if int(h) < len(howNames) {
		return howNames[h]
	}
	return fmt.Sprintf("how-%d", uint8(h))
}

// ParseIsolation reads what String wrote.
func ParseIsolation(text string) (Isolation, error) {
	for i, name := range howNames {
		if name == text {
			return Isolation(i), nil
		}
	}
	return 0, fmt.Errorf("unknown way to get windows: %q", text)
}

// Mount is how a process started with NamespaceAttr has to mount.
func (h Isolation) Mount() Mount {
	if h == SetuidHelper {
		return Fusermount
	}
	return Direct
}

// NamespaceAttr is how to start the process that serves. It gets a session of its own. In a user namespace it is root to
// itself and has the rights of the caller on everything outside; files of other users and groups
// appear to belong to nobody.
func (h Isolation) NamespaceAttr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	switch h {
	case RootNamespace, UserNamespace:
		// Unsharing, unlike cloning, would make the runtime cut the new namespace off from the old one altogether, so that
		// what the machine unmounts would stay in use here.
		attr.Cloneflags = unix.CLONE_NEWNS
	case SetuidHelper:
	}
	if h == UserNamespace {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}

// IsolateMounts makes sure that this process has a mount namespace of its own, from which no mount spreads to others. What
// others mount and unmount spreads to it. It is to be called first of all in a process started with NamespaceAttr of
// RootNamespace or UserNamespace. An error means that mounting here could leave something behind on the machine.
func IsolateMounts() error {
	mine, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return tried.Errorf("find mount namespace: %w", err)
	}
	switch parents, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", os.Getppid())); {
	case err == nil && mine == parents:
		return errors.New("this process shares the mount namespace of its parent: it was not started as a worker")
	case err != nil && !ownUserNamespace():
		// From a user namespace the parent's cannot be seen. Elsewhere it is the same user's, and can.
		return tried.Errorf("find mount namespace of the parent: %w", err)
	}
	if err := tool.StopMountsSpreading(); err != nil {
		return err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return tried.Errorf("list mounts: %w", err)
	}
	for line := range strings.Lines(string(mounts)) {
		fields, _, _ := strings.Cut(line, " - ")
		if strings.Contains(fields, " shared:") {
			return fmt.Errorf("mounts spread from this mount namespace to others: %s", strings.TrimSpace(line))
		}
	}
	return nil
}

// ownUserNamespace reports whether this process is in a user namespace with a single user, as NamespaceAttr makes it.
func ownUserNamespace() bool {
	users, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(users))
	return err == nil && len(fields) == 3 && fields[2] == "1"
}
