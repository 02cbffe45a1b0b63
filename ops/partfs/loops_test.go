package partfs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/tool"
)

// TestLoopsShown looks at the loop devices that mount(8) sees in a sandbox. There are enough for a machine on which others
// take some at the same time, also such as the kernel makes only when they are asked for, and each is what its name says.
func TestLoopsShown(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	testneed.File(t, device)
	how := RootNamespace
	if os.Getenv(insideVar) == "" {
		againNamed(t, t.Name(), how.String(), how.NamespaceAttr())
		return
	}
	if err := how.IsolateMounts(); err != nil {
		t.Fatal(err)
	}
	_, _, sandbox := confinedDir(t, how, filepath.Join(t.TempDir(), "image"))
	ctx := tool.WithSandbox(context.Background(), func() *tool.Sandbox { return sandbox })
	result, err := tool.Run(ctx, tool.Cmd{Argv: []string{"stat", "-c", "%n %t:%T", "--", "/dev/loop-control"}, Needs: tool.Mount | tool.Loop})
	if err != nil || result.Exit != 0 {
		t.Fatalf("%v\n%s", err, result.Output)
	}
	result, err = tool.Run(ctx, tool.Cmd{Argv: []string{"sh", "-c", "stat -c '%n %F %t:%T' /dev/loop[0-9]*"}, Needs: tool.Mount | tool.Loop})
	if err != nil || result.Exit != 0 {
		t.Fatalf("%v\n%s", err, result.Output)
	}
	if n := strings.Count(result.Output, "\n"); n < 64 {
		t.Errorf("%d devices", n)
	}
	real := 0
	for line := range strings.Lines(result.Output) {
		name, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		var st unix.Stat_t
		if unix.Stat(name, &st) != nil {
			continue // the kernel has not made it yet
		}
		real++
		if want := fmt.Sprintf("block special file %x:%x", unix.Major(st.Rdev), unix.Minor(st.Rdev)); what != want {
			t.Errorf("%s is %s, on this machine it is %s", name, what, want)
		}
	}
	if real == 0 {
		t.Error("no device of this machine is shown")
	}
	result, err = tool.Run(ctx, tool.Cmd{Argv: []string{"sh", "-c", "ls /dev"}})
	if err != nil || strings.Contains(result.Output, "loop") {
		t.Errorf("loop devices are left: %v\n%s", err, result.Output)
	}
}
