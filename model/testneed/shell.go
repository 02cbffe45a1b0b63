package testneed

import (
	"os"
	"os/exec"
	"testing"
)

// Shell runs a shell script in dir and returns its output. The tools' directories are on the path and the locale is C,
// unless env says otherwise. A command that fails ends the test.
func Shell(t testing.TB, dir, script string, env ...string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH=/usr/local/sbin:/usr/sbin:/sbin:"+os.Getenv("PATH"), "LC_ALL=C")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return string(out)
}
