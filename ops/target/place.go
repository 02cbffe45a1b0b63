package target

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Beside finds, without opening or locking anything, what Target.Beside of the target at path is.
func Beside(path string) (string, error) {
	resolved, err := realPath(path)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", path, cause(err))
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", path, cause(err))
	}
	if mode := info.Mode(); mode&fs.ModeDevice == 0 || mode&fs.ModeCharDevice != 0 {
		return resolved, nil
	}
	d, err := host().disk(rdevOf(info))
	if err != nil {
		return "", err
	}
	return host().beside(d), nil
}

// beside is the image of a loop device, or a place of the device's own in the directory for states.
func (k kernel) beside(d disk) string {
	if image := k.image(d); image != "" {
		return image
	}
	name := d.name
	if serial := d.serial(); serial != "" {
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
