package tool

import (
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Landlock lets a thread restrict itself and what it starts. The rights and structures are those of linux/landlock.h; a
// kernel knows those up to its version of the interface.

// landlockVersion is the version of the interface that the kernel has, 0 without Landlock.
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
	// landlockNode is for devices, where reading and writing are not all.
	landlockNode = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// landlockFile are the rights on what is no directory.
	landlockFile = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// handled are the rights that a version of the interface knows: whoever is restricted has them only where a rule says so.
func handled(version int) (files, network, scope uint64, size uintptr) {
	files, size = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1-1, 8
	if version >= 2 {
		files |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		files |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		network, size = unix.LANDLOCK_ACCESS_NET_BIND_TCP|unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, 16
	}
	if version >= 5 {
		files |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		scope, size = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET|unix.LANDLOCK_SCOPE_SIGNAL, 24
	}
	return files, network, scope, size
}

// landlockRules makes the rules for tools in the sandbox, -1 where the kernel has no Landlock. Paths are as this thread
// sees them.
func (s *Sandbox) landlockRules(p SandboxConfig) (int, error) {
	files, network, scope, size := handled(landlockVersion())
	if landlockVersion() == 0 {
		return -1, nil
	}
	attr := struct{ files, network, scope uint64 }{files, network, scope}
	made, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return -1, tried.Errorf("make Landlock rules: %w", errno)
	}
	rules := int(made)
	unix.CloseOnExec(rules)
	read := append(slices.Clone(system), programs()...)
	if s.inside {
		// There is nothing else in the sandbox but nodes of loop devices, for those that get them.
		read = append(read, "/proc", "/dev", mountRoom)
	}
	grants := map[string]uint64{s.temp: landlockMake}
	for _, name := range devices {
		grants["/dev/"+name] = landlockNode
	}
	for _, dir := range p.Writable {
		grants[dir] = landlockWrite
	}
	for _, path := range read {
		grants[path] |= landlockRead
	}
	for path, access := range grants {
		if err := grant(rules, path, access&files); err != nil {
			_ = unix.Close(rules)
			return -1, err
		}
	}
	return rules, nil
}

// grant adds a rule for all that lies at a path or below. What is not there needs none.
func grant(rules int, path string, access uint64) error {
	if path == "" {
		return nil
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(fd) }() // the rule has what it needs of it
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= landlockFile
	}
	attr := struct { // packed in C: the descriptor follows at once, and nothing follows that
		access uint64
		parent int32
	}{access, int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0); errno != 0 {
		return tried.Errorf("allow tools to use %s: %w", path, errno)
	}
	return nil
}

// restrict puts this thread, and what it starts, under the rules for good.
func restrict(rules int) error {
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules), 0, 0); errno != 0 {
		return tried.Errorf("restrict to Landlock rules: %w", errno)
	}
	return nil
}
