package tool

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// StopMountsSpreading keeps what this process mounts in its mount namespace from spreading to others. What others mount and unmount goes on
// to spread to it. Where the root directory is no mount, as in a chroot, that holds for the mounts below it: see RootMounted.
func StopMountsSpreading() error {
	err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, "")
	if errors.Is(err, unix.EINVAL) {
		err = eachMount(func(dir, options string) error {
			if !strings.Contains(options, " shared:") {
				return nil
			}
			return unix.Mount("", dir, "", unix.MS_SLAVE, "")
		})
	}
	if err != nil {
		return fmt.Errorf("cut the mount namespace off: %w", err)
	}
	return nil
}

// RootMounted reports whether the root directory of this process is a mount. If not, whether what is mounted on that file
// system spreads to others cannot be seen from within.
func RootMounted() bool {
	var found bool
	err := eachMount(func(dir, _ string) error {
		found = found || dir == "/"
		return nil
	})
	return err == nil && found
}

// eachMount calls do with the directory of every mount that can be reached, and the fields behind that in the kernel's list, up
// to the first error.
func eachMount(do func(dir, options string) error) error {
	list, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return tried.Errorf("list mounts: %w", err)
	}
	escapes := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(string(list)) {
		fields, _, _ := strings.Cut(line, " - ")
		if f := strings.SplitN(fields, " ", 6); len(f) == 6 {
			if err := do(escapes.Replace(f[4]), " "+f[5]); err != nil {
				return err
			}
		}
	}
	return nil
}
