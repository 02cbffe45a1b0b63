package partfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/ops/tool"
)

// device is the device through which FUSE connections are made.
const device = "/dev/fuse"

// DetectIsolation returns the best isolation with which this user can serve windows on this machine. It tries each kind,
// which takes about a millisecond and leaves nothing behind. The error says what is missing and what to do.
func DetectIsolation() (Isolation, error) {
	fd, opened := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if opened == nil {
		opened = unix.Close(fd)
	}
	_, helper := findHelper()
	return choose(os.Geteuid() == 0, opened, helper, tryNamespace)
}

// Confinement describes in plain words how tools that work on windows are confined on this machine, for this user. It
// returns "" if windows cannot be served.
func Confinement() string {
	how, err := DetectIsolation()
	if err != nil {
		return ""
	}
	return tool.Confinement(how != SetuidHelper)
}

// unavailable returns the error for a machine on which windows cannot be served, with a reason for each isolation tried.
func unavailable(advice string, reasons ...string) error {
	return fmt.Errorf("file-system tools cannot be run on a view of the disk: %s: %s", strings.Join(reasons, "; "), advice)
}

// choose returns the best isolation. opened is the error from opening the FUSE device, and helper is the one from finding
// fusermount3. try starts a process in a namespace.
func choose(root bool, opened, helper error, try func(Isolation) error) (Isolation, error) {
	if errors.Is(opened, fs.ErrNotExist) || errors.Is(opened, syscall.ENXIO) || errors.Is(opened, syscall.ENODEV) {
		return 0, unavailable("load the kernel module with \"modprobe fuse\"; in a container, let it have the device "+
			"(--device /dev/fuse --cap-add SYS_ADMIN)", fmt.Sprintf("%s: %v", device, opened))
	}
	var reasons []string
	if opened != nil {
		reasons = append(reasons, fmt.Sprintf("%s: %v", device, opened))
	} else {
		denied := []string{RootNamespace: "this root may not mount", UserNamespace: "user namespaces are forbidden"}
		for way, what := range denied {
			if way := Isolation(way); root || way != RootNamespace {
				err := try(way)
				if err == nil {
					return way, nil
				}
				reasons = append(reasons, fmt.Sprintf("%s (%v)", what, err))
			}
		}
	}
	// The helper would mount as root, which root here may not do.
	if root {
		return 0, unavailable("give this container the right to mount (--cap-add SYS_ADMIN)", reasons...)
	}
	if helper != nil {
		return 0, unavailable("apt install fuse3", append(reasons, helper.Error())...)
	}
	return SetuidHelper, nil
}

// tryNamespace starts a program that does not exist. If that fails with ENOENT, the namespaces were made before.
func tryNamespace(how Isolation) error {
	_, err := syscall.ForkExec("/proc/self/no-such-program", []string{"probe"}, &syscall.ProcAttr{Sys: how.NamespaceAttr()})
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return err
}
