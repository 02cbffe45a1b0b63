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

// device is where FUSE connections come from.
const device = "/dev/fuse"

// DetectIsolation is the best way to get windows on this machine, for this user. It finds out by trying, which takes about a
// millisecond and leaves nothing behind. The error says what is missing and what to do about it, for
// people; it is a *UnavailableError.
func DetectIsolation() (Isolation, error) {
	return probes{
		root: os.Geteuid() == 0,
		device: func() error {
			fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			return unix.Close(fd)
		},
		namespace: tryNamespace,
		helper: func() error {
			_, err := lookHelper()
			return err
		},
	}.choose()
}

// Confinement says in plain words how tools that work on windows are confined on this machine, for this user; "" if there are
// no windows.
func Confinement() string {
	how, err := DetectIsolation()
	if err != nil {
		return ""
	}
	return tool.Confinement(how != SetuidHelper)
}

// UnavailableError is returned when there is no way to get windows.
type UnavailableError struct {
	Reasons []string // why not, one for each way
	Advice  string   // what to do
}

func (e *UnavailableError) Error() string {
	return "file-system tools cannot be run on a view of the disk: " + strings.Join(e.Reasons, "; ") + ": " + e.Advice
}

// probes are the questions asked to the machine.
type probes struct {
	root      bool
	device    func() error          // can the FUSE device be opened?
	namespace func(Isolation) error // can a process be started like this?
	helper    func() error          // is fusermount3 there?
}

func (p probes) choose() (Isolation, error) {
	opened := p.device()
	if errors.Is(opened, fs.ErrNotExist) || errors.Is(opened, syscall.ENXIO) || errors.Is(opened, syscall.ENODEV) {
		return 0, &UnavailableError{
			Reasons: []string{fmt.Sprintf("%s: %v", device, opened)},
			Advice:  "load the kernel module with \"modprobe fuse\"; in a container, let it have the device (--device /dev/fuse --cap-add SYS_ADMIN)",
		}
	}
	var reasons []string
	if opened != nil {
		reasons = append(reasons, fmt.Sprintf("%s: %v", device, opened))
	} else {
		ways := []Isolation{UserNamespace}
		if p.root {
			ways = []Isolation{RootNamespace, UserNamespace}
		}
		for _, way := range ways {
			err := p.namespace(way)
			if err == nil {
				return way, nil
			}
			what := "user namespaces are forbidden"
			if way == RootNamespace {
				what = "this root may not mount"
			}
			reasons = append(reasons, fmt.Sprintf("%s (%v)", what, err))
		}
	}
	// Root that may not mount itself will not be helped by a helper that becomes root.
	if p.root {
		return 0, &UnavailableError{Reasons: reasons, Advice: "give this container the right to mount (--cap-add SYS_ADMIN)"}
	}
	if err := p.helper(); err != nil {
		return 0, &UnavailableError{Reasons: append(reasons, err.Error()), Advice: "apt install fuse3"}
	}
	return SetuidHelper, nil
}

// tryNamespace starts a process in the given way up to the point where it would become another program, which does not
// exist. Getting that far is the proof.
func tryNamespace(how Isolation) error {
	_, err := syscall.ForkExec("/proc/self/no-such-program", []string{"probe"}, &syscall.ProcAttr{Sys: how.NamespaceAttr()})
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return err
}
