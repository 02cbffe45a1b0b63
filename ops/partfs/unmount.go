package partfs

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// essential are the directories whose mounts this process and its tools need.
var essential = []string{"/proc", "/sys", "/dev", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"}

// UnmountUnneeded takes the mounts out of this process's mount namespace that lead to none of the paths in keep, nor to installed programs.
// A namespace of its own holds a copy of every mount of the machine. Where mounts are not shared, as in containers, a copy
// stays when the machine unmounts, and what was mounted would be in use for as long as this process runs. What cannot be
// unmounted stays: in a user namespace that is every mount that came with it.
//
// It is for a process that has called IsolateMounts, and whose working directory is one of keep or the root.
func UnmountUnneeded(keep ...string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return tried.Errorf("list mounts: %w", err)
	}
	keep = append(slices.Clone(keep), os.TempDir())
	// What was mounted later lies deeper, or on top.
	for _, line := range slices.Backward(strings.Split(string(mounts), "\n")) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		if at := unescapeMount(fields[4]); !needed(at, keep) && !within(at, essential) {
			_ = unix.Unmount(at, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) // see above: it may stay
		}
	}
	return nil
}

// within reports whether a path is one of the directories or lies in one.
func within(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// unescapeMount undoes the octal escapes for blanks and backslashes.
func unescapeMount(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
