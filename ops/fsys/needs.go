package fsys

import tools "shunt/ops/window/tool"

// Needs are the rights that a tool must keep for what argv asks of it: those to mount a window or to resize what is
// mounted. All other tools work on a window as on any file.
func Needs(argv []string) tools.Needs {
	switch argv[0] {
	case "mount", "losetup", "blockdev":
		return tools.Mount | tools.Loop
	case "umount":
		return tools.Mount
	case "xfs_growfs", "nilfs-resize":
		return tools.Admin
	case "btrfs":
		if len(argv) > 2 && argv[1] == "filesystem" && argv[2] == "resize" {
			return tools.Admin
		}
	}
	return 0
}
