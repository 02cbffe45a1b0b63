package tool

import (
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// With Landlock a thread restricts itself and the programs it starts. The rights are those of linux/landlock.h. A kernel
// knows those up to its version of the interface.

// landlockVersion returns the kernel's version of the interface, or 0 if it has no Landlock.
func landlockVersion() int {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(version)
}

const (
	landlockRead  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	landlockWrite = landlockRead&^unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	landlockMake  = landlockWrite | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REFER
	// landlockNode is for devices, which have more operations than reading and writing.
	landlockNode = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// landlockFile holds the rights that apply to everything but directories.
	landlockFile = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// landlockRights returns the rights that a version of the interface knows. A restricted thread loses them except where a
// rule grants them.
func landlockRights(version int) unix.LandlockRulesetAttr {
	all := []unix.LandlockRulesetAttr{ // added by versions 1, 2, ...
		{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1},
		{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_REFER},
		{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_TRUNCATE},
		{Handled_access_net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP},
		{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
		{Scoped: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL},
	}
	var known unix.LandlockRulesetAttr
	for _, more := range all[:min(version, len(all))] {
		known.Handled_access_fs |= more.Handled_access_fs
		known.Handled_access_net |= more.Handled_access_net
		known.Scoped |= more.Scoped
	}
	return known
}

// landlockRules makes the rules for tools in the sandbox and returns their descriptor, or -1 if the kernel has no Landlock.
// Paths are as this thread sees them.
func (s *Sandbox) landlockRules(p SandboxConfig) (int, error) {
	version := landlockVersion()
	if version == 0 {
		return -1, nil
	}
	known := landlockRights(version)
	// A kernel that does not know the last fields accepts them as long as they are zero.
	made, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&known)), unsafe.Sizeof(known), 0)
	if errno != 0 {
		return -1, tried.Errorf("make Landlock rules: %w", errno)
	}
	rules := int(made)
	unix.CloseOnExec(rules)
	read := append(slices.Clone(system), programs()...)
	if s.inside {
		// The sandbox has nothing else, apart from nodes of loop devices for the tools that need them.
		read = append(read, "/proc", "/dev", mountParent)
	}
	grants := map[string]uint64{s.temp: landlockMake}
	for _, name := range p.nodes() {
		grants["/dev/"+name] = landlockNode
	}
	for _, dir := range p.Writable {
		grants[dir] = landlockWrite
	}
	for _, path := range append(read, p.Readable...) {
		grants[path] |= landlockRead
	}
	for path, access := range grants {
		if err := grant(rules, path, access&known.Handled_access_fs); err != nil {
			_ = unix.Close(rules)
			return -1, err
		}
	}
	return rules, nil
}

// grant adds a rule for a path and everything below it. It does nothing if the path does not exist.
func grant(rules int, path string, access uint64) error {
	if path == "" {
		return nil
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(fd) }() // the rule does not need it
	// This process may serve the directory itself. A plain stat would then wait for an answer of its own, and if the process
	// crashed meanwhile, nothing could end it. The kernel knows the type without asking.
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE, &st); err != nil {
		return os.NewSyscallError("statx", err)
	}
	if uint32(st.Mode)&unix.S_IFMT != unix.S_IFDIR {
		access &= landlockFile
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return tried.Errorf("allow tools to use %s: %w", path, errno)
	}
	return nil
}

// restrict puts this thread, and the programs it starts, under the rules. That cannot be undone.
func restrict(rules int) error {
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules), 0, 0); errno != 0 {
		return tried.Errorf("restrict to Landlock rules: %w", errno)
	}
	return nil
}
