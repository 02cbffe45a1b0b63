package kernel

import (
	"os"
	"path/filepath"
	"strings"
)

// Beside is the image of a loop device, or a place of the device's own in the directory for states.
func (k Kernel) Beside(d Disk) string {
	if image, _ := k.Image(d); image != "" {
		return image
	}
	name := d.Name
	if serial := d.Serial(); serial != "" {
		name = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
				return r
			}
			return '_'
		}, serial)
	}
	return filepath.Join(stateDir(os.Geteuid(), os.Getenv), name)
}

// stateDir is where what belongs to devices is kept: /var/lib/shunt, or the user's own directory for states.
func stateDir(uid int, env func(string) string) string {
	if uid == 0 {
		return "/var/lib/shunt"
	}
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "shunt")
	}
	return filepath.Join(env("HOME"), ".local", "state", "shunt")
}
