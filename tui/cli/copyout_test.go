package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/tui"
)

// TestCopyOutOfEditor copies files and directories out of an open image as the editor does.
func TestCopyOutOfEditor(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "mke2fs")
	dir := t.TempDir()
	sh(t, dir, oddTree+`mkfifo tree/d/pipe; truncate -s 16M raw; mke2fs -q -F -t ext4 -d tree raw; mkdir there`)
	opened, err := newBackend(session.Options{}).openNow(filepath.Join(dir, "raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	}()
	told := 0
	do := func(path, dest string, over bool) (report.CopiedOut, error) {
		return opened.CopyOut(t.Context(), tui.CopyOut{
			Path: path, Dest: filepath.Join(dir, dest), Over: over, Tell: func(string, int64) { told++ },
		})
	}
	for _, c := range []struct {
		path, dest string
		over       bool
		to         string
		files      int
		exists     bool
		left       string
	}{
		{"d", "there/d", false, "there/d", 1, false, "d/pipe: it is a pipe: it was left out"},
		{"d", "there/d", false, "there/d", 0, true, ""},
		{"d", "there/d", true, "there/d", 1, false, "d/pipe: it is a pipe"},
		{"d", "there", false, "there/d", 0, true, ""},
		{"etc/hello", "there", false, "there/hello", 1, false, ""},
		{"etc/hello", "there/hello", false, "there/hello", 0, true, ""},
		{"passwd", "there/passwd", false, "there/passwd", 0, false, ""},
	} {
		out, err := do(c.path, c.dest, c.over)
		if out.To != filepath.Join(dir, c.to) || errors.Is(err, fs.ErrExist) != c.exists || (err != nil) != c.exists || out.Files != c.files ||
			!strings.HasPrefix(strings.Join(out.Left, "\n"), c.left) || c.left == "" && len(out.Left) > 0 {
			t.Errorf("%+v: %+v, %v", c, out, err)
		}
	}
	if told == 0 {
		t.Error("nothing was told")
	}
	same := sh(t, dir, "cmp tree/etc/hello there/hello && cmp tree/d/data there/d/data && readlink there/passwd")
	if strings.TrimSpace(same) != "/etc/passwd" {
		t.Error(same)
	}
	if _, err := do("nosuch", "x", false); err == nil || !strings.Contains(err.Error(), "there is no file") {
		t.Error(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "x")); err == nil {
		t.Error("a file is left")
	}
}
