package fsys

import (
	"slices"

	tools "shunt/ops/tool"
)

// Needs returns the rights that a tool must keep for what argv asks of it. Only tools that mount a window, or resize what is
// mounted, need any; all others work on a window as on any file.
func Needs(argv []string) tools.Needs {
	switch argv[0] {
	case "mount", "losetup", "blockdev":
		return tools.Mount | tools.Loop
	case "umount":
		return tools.Mount
	}
	for _, d := range drivers {
		if n := len(d.admin); n > 0 && len(argv) >= n && slices.Equal(argv[:n], d.admin) {
			return tools.Admin
		}
	}
	return 0
}
