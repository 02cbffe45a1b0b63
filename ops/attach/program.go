package attach

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"shunt/ops/fsys"
)

// mostTime is how long a program may take to mount something.
const mostTime = 30 * time.Second

// start has a program mount it. It goes on in the background as long as that is mounted. unix.ENODEV means that the
// program is not there.
func start(m fsys.Mount, node, dir string, access Access) error {
	path, err := exec.LookPath(m.Program)
	if err != nil {
		return fmt.Errorf("%w, and neither is there %s (package %s)", unix.ENODEV, m.Program, m.Package)
	}
	ctx, cancel := context.WithTimeout(context.Background(), mostTime)
	defer cancel()
	options := "rw,nosuid,nodev,noexec"
	if access == ReadOnly {
		options = "ro,norecover,nosuid,nodev,noexec"
	}
	cmd := exec.CommandContext(ctx, path, "-o", options, node, dir)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s says: %s (%w)", m.Program, strings.Join(strings.Fields(string(out)), " "), err)
	}
	return nil
}
