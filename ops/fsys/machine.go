package fsys

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
)

// LookPath finds a program by name; exec.LookPath is one. It fails if the program is not installed.
type LookPath func(name string) (path string, err error)

// Machine is what capabilities depend on. The zero value is the machine that the program runs on.
type Machine struct {
	// Look finds programs; nil searches $PATH and the directories of system programs.
	Look LookPath
	// CannotMount returns the reason why a window cannot be mounted here as the file system that the kernel calls fs.
	// nil asks the kernel.
	CannotMount func(fs string) model.Reason
}

// cannotMount finds out whether this process may mount a file on this kernel, without doing it.
func cannotMount(fs string) model.Reason {
	if !kernelHas(fs) {
		return model.Because("it takes a mount, and this kernel cannot mount %s", fs)
	}
	if os.Geteuid() != 0 || !wholeUserNamespace() || !mayMount() {
		return model.Because("it takes a mount of %s, which only root can do: start shunt as root", fs)
	}
	if err := unix.Access("/dev/loop-control", unix.R_OK|unix.W_OK); err != nil {
		return model.Because("it takes a loop device, and /dev/loop-control cannot be used (%v)", err)
	}
	return ""
}

// kernelHas reports whether the kernel knows the file system, or has a module for it.
func kernelHas(fs string) bool {
	known, _ := os.ReadFile("/proc/filesystems")
	if slices.Contains(strings.Fields(string(known)), fs) {
		return true
	}
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	modules, _ := os.ReadFile(filepath.Join("/lib/modules", unix.ByteSliceToString(name.Release[:]), "modules.dep"))
	return strings.Contains(string(modules), "/"+fs+".ko")
}

// wholeUserNamespace reports whether root here is root of the whole machine.
func wholeUserNamespace() bool {
	users, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(users))
	return err == nil && len(fields) == 3 && fields[0] == "0" && fields[1] == "0" && fields[2] == "4294967295"
}

// mayMount reports whether this process has the capability to mount, which root in a container often lacks.
func mayMount() bool {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&head, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}
