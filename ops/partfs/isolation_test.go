package partfs

import (
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestChoice asks for the best way on machines of all kinds.
func TestChoice(t *testing.T) {
	missing := errors.New("fusermount3 is not installed")
	for _, c := range []struct {
		name                       string
		root                       bool
		device, rootNS, userNS, fm error
		want                       Isolation
		says                       []string
	}{
		{"root", true, nil, nil, nil, nil, RootNamespace, nil},
		{"root without fusermount", true, nil, nil, syscall.EPERM, missing, RootNamespace, nil},
		{"user", false, nil, syscall.EPERM, nil, nil, UserNamespace, nil},
		{"user without fusermount", false, nil, syscall.EPERM, nil, missing, UserNamespace, nil},
		{"user namespaces forbidden", false, nil, syscall.EPERM, syscall.EACCES, nil, SetuidHelper, nil},
		{"device closed to users", false, fs.ErrPermission, nil, nil, nil, SetuidHelper, nil},
		{"root of a container", true, nil, syscall.EPERM, nil, nil, UserNamespace, nil},
		{"nothing for the user", false, nil, nil, syscall.EPERM, missing, 0, []string{"user namespaces are forbidden", "fusermount3 is not installed", "apt install fuse3"}},
		{"device closed and no helper", false, fs.ErrPermission, nil, nil, missing, 0, []string{"/dev/fuse: permission denied", "apt install fuse3"}},
		{"no device", false, fs.ErrNotExist, nil, nil, nil, 0, []string{"/dev/fuse", "modprobe fuse", "--device /dev/fuse"}},
		{"no module", true, syscall.ENODEV, nil, nil, nil, 0, []string{"/dev/fuse", "modprobe fuse"}},
		{"root of a closed container", true, nil, syscall.EPERM, syscall.EPERM, nil, 0, []string{"may not mount", "SYS_ADMIN"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := choose(c.root, c.device, c.fm, func(h Isolation) error {
				if h == RootNamespace {
					return c.rootNS
				}
				return c.userNS
			})
			if len(c.says) == 0 {
				if got != c.want || err != nil {
					t.Errorf("%v, %v; want %v", got, err, c.want)
				}
				return
			}
			if err == nil {
				t.Fatalf("%v", got)
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not in %q", says, err)
				}
			}
		})
	}
}

func TestNamespaceAttr(t *testing.T) {
	for _, how := range []Isolation{RootNamespace, UserNamespace, SetuidHelper} {
		attr := how.NamespaceAttr()
		if !attr.Setsid {
			t.Errorf("%v: no session of its own", how)
		}
		if mounts := attr.Cloneflags&unix.CLONE_NEWNS != 0; mounts != (how != SetuidHelper) {
			t.Errorf("%v: a mount namespace: %v", how, mounts)
		}
		if users := attr.Cloneflags&unix.CLONE_NEWUSER != 0; users != (how == UserNamespace) {
			t.Errorf("%v: a user namespace: %v", how, users)
		}
	}
}

// TestNotAWorker makes sure that a process that was started in the usual way does not take itself for a worker.
func TestNotAWorker(t *testing.T) {
	if err := RootNamespace.IsolateMounts(); err == nil {
		t.Error("this process thinks that its mount namespace is its own")
	}
}

// TestWorkerNamespace looks at a process that was started like a worker.
func TestWorkerNamespace(t *testing.T) {
	everywhere(t, func(t *testing.T, how Isolation) {
		out, err := exec.Command("sh", "-c", "id -u; readlink /proc/self/ns/mnt").Output()
		if err != nil {
			t.Fatal(err)
		}
		if how == UserNamespace && !strings.HasPrefix(string(out), "0\n") {
			t.Errorf("not root to itself: %s", out)
		}
		sid, err := unix.Getsid(0)
		self := syscall.Getpid()
		if err != nil || how != SetuidHelper && sid != self {
			t.Errorf("session %d of process %d, %v", sid, self, err)
		}
	})
}
