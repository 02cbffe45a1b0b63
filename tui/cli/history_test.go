package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHistory lists what was applied, in sentences, and what of it can be undone.
func TestHistory(t *testing.T) {
	t.Parallel()
	needLenders(t)
	dir := t.TempDir()
	sh(t, dir, lenders)
	image, plan := filepath.Join(dir, "a.raw"), filepath.Join(dir, "plan")
	run := func(args ...string) outcome {
		t.Helper()
		cmd := people()[0].program(t, args...)
		cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
		return finish(t, cmd)
	}
	apply := func(lines string) {
		t.Helper()
		if err := os.WriteFile(plan, []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
		run("apply", "--yes", "--keep-undos=1", image, plan).want(t, 0, "Done")
	}
	list := func(want ...string) {
		t.Helper()
		o := run("undo", "--list", image)
		if o.code != 0 {
			t.Fatalf("%d: %s", o.code, o.err)
		}
		rest := o.out
		for _, text := range want {
			before, after, found := strings.Cut(rest, text)
			if !found || strings.Contains(before, "label 1") {
				t.Fatalf("%q is missing, or in another place, in:\n%s", text, o.out)
			}
			rest = after
		}
	}
	list("There is no transaction that can be undone.")
	apply("label 1 one\n")
	apply("label 1 two\nmove 2 right 8MiB\n")
	list("applied, can be undone; ", `Label ext4 in p1 "two"`, "Move p2 right by 8 MiB", "applied, cannot be undone any more", `Label ext4 in p1 "one"`)
	run("undo", "--yes", image).want(t, 0, "Move p2 right by 8 MiB")
	list("There is no transaction that can be undone.", "undone", "Move p2", "applied, cannot", "Move p2", `"one"`)
}
