package attach

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/ops/fsys"
)

// mostTime is how long a program may take to mount something.
const mostTime = 30 * time.Second

// start runs a program that mounts the node at dir and stays in the background until it is unmounted. The error is
// unix.ENODEV if the program is not installed.
func start(m fsys.Mount, node, dir string, access model.Access) error {
	path, err := exec.LookPath(m.Program)
	if err != nil {
		return fmt.Errorf("%w, and %s is not installed (package %s)", unix.ENODEV, m.Program, m.Package)
	}
	ctx, cancel := context.WithTimeout(context.Background(), mostTime)
	defer cancel()
	options := "rw,nosuid,nodev,noexec"
	if access == model.ReadOnly {
		options = "ro,nosuid,nodev,noexec," + m.Quiet
	}
	cmd := exec.CommandContext(ctx, path, "-o", options, node, dir)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s says: %s (%w)", m.Program, strings.Join(strings.Fields(string(out)), " "), err)
	}
	return nil
}
