package fsys

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
)

// LookPath finds a program by name, as exec.LookPath does. It fails if the program is not installed.
type LookPath func(name string) (path string, err error)

// Machine holds everything that capabilities depend on. The zero value is the machine that shunt runs on.
type Machine struct {
	// Look finds programs; nil searches $PATH and the directories of system programs.
	Look LookPath
	// CannotMount returns the reason why a window cannot be mounted here, or "". fs is the kernel's name for the file
	// system. nil asks the kernel.
	CannotMount func(fs string) model.Reason
}

// cannotMount returns the reason why this process cannot mount a file on this kernel, or "". It does not try to mount
// anything.
func cannotMount(fs string) model.Reason {
	if !kernelHas(fs) {
		return model.Because("it must be mounted for that, and this kernel cannot mount %s", fs)
	}
	if os.Geteuid() != 0 || !wholeUserNamespace() || !mayMount() {
		return model.Because("it must be mounted as %s for that, which only root can do: start shunt as root", fs)
	}
	if err := unix.Access("/dev/loop-control", unix.R_OK|unix.W_OK); err != nil {
		return model.Because("it must be mounted for that, and /dev/loop-control cannot be used (%v)", err)
	}
	return ""
}

// kernelHas reports whether the kernel supports the file system or has a module for it.
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

// wholeUserNamespace reports whether root in this user namespace is root of the whole machine.
func wholeUserNamespace() bool {
	users, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(users))
	return err == nil && len(fields) == 3 && fields[0] == "0" && fields[1] == "0" && fields[2] == "4294967295"
}

// mayMount reports whether this process is allowed to mount. Root in a container often is not.
func mayMount() bool {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&head, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}
