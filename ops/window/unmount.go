package window

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Unmount takes away a mount of windows that a process left at dir which was killed together with its guard. Where
// nothing of that kind is mounted it does nothing: other mounts are left alone. It is for directories that are the
// caller's own; a mount that is still served goes too. Through is another path to dir, which leads there also when somebody
// renames what lies above it.
func Unmount(dir, through string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("list mounts: %w", err)
	}
	if !windowsMounted(string(mounts), dir) {
		return nil
	}
	if unix.Unmount(through, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) == nil {
		return nil
	}
	path, err := lookHelper()
	if err != nil {
		return fmt.Errorf("unmount %s: %w", dir, err)
	}
	return (&helper{path: path}).detach(dir)
}

// windowsMounted looks in a list of mounts, as the kernel writes it, for windows at dir.
func windowsMounted(mountinfo, dir string) bool {
	for line := range strings.Lines(mountinfo) {
		// "36 35 0:40 / /images/a\040b.shunt/windows rw,nosuid - fuse.shunt shunt rw,user_id=0"
		where, what, ok := strings.Cut(line, " - ")
		fields := strings.Fields(where)
		if ok && len(fields) > 4 && unescapeMount(fields[4]) == dir && strings.HasPrefix(what, "fuse.shunt ") {
			return true
		}
	}
	return false
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
