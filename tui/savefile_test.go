package tui

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/tui/dialog"
)

// TestSaveOver saves over what is there: only a file is replaced, and nothing is written by way of a name.
func TestSaveOver(t *testing.T) {
	for name, c := range map[string]struct {
		put  func(outside, path string) error
		says string // "" if it is replaced
	}{
		"file":      {func(_, path string) error { return os.WriteFile(path, []byte("longer than the new text"), 0o640) }, ""},
		"hard link": {os.Link, ""},
		"gone":      {func(string, string) error { return nil }, ""},
		"link":      {os.Symlink, "it is a symbolic link, which shunt does not replace"},
		"dangling":  {func(outside, path string) error { return os.Symlink(outside+".none", path) }, "it is a symbolic link, which shunt does not replace"},
		"pipe":      {func(_, path string) error { return unix.Mkfifo(path, 0o600) }, "it is not a regular file"},
		"binary":    {func(_, path string) error { return os.WriteFile(path, []byte("text\x00"), 0o600) }, "it is not a text, and may be a disk image" + elsewhere},
		"latin1":    {func(_, path string) error { return os.WriteFile(path, []byte("t\xe9xt"), 0o600) }, "it is not a text, and may be a disk image" + elsewhere},
		"log":       {func(_, path string) error { return os.WriteFile(path, []byte("\x1b[1mtéxt\r\n\t"), 0o600) }, ""},
		"directory": {func(_, path string) error { return os.Mkdir(path, 0o700) }, "it is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			outside, path := filepath.Join(top, "outside"), filepath.Join(top, "x.plan")
			if err := os.WriteFile(outside, []byte("precious"), 0o640); err != nil {
				t.Fatal(err)
			}
			if err := c.put(outside, path); err != nil {
				t.Fatal(err)
			}
			if name != "gone" {
				if err := put(dialog.Save{Path: path, Text: "new"}, nothing); errors.Is(err, fs.ErrExist) != (c.says == "") || err == nil {
					t.Errorf("without being asked: %v", err)
				}
			}
			saved := put(dialog.Save{Path: path, Text: "new", Over: dialog.Replace}, nothing)
			if c.says != "" {
				if saved == nil || saved.Error() != "save "+path+": "+c.says {
					t.Error(saved)
				}
			} else if text, err := os.ReadFile(path); string(text) != "new" || err != nil || saved != nil {
				t.Errorf("%q, %v, %+v", text, err, saved)
			}
			if text, err := os.ReadFile(outside); string(text) != "precious" || err != nil {
				t.Errorf("what it leads to holds %q, %v", text, err)
			}
			if info, err := os.Stat(path); name == "file" && (err != nil || info.Mode().Perm() != 0o640) {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			left, err := filepath.Glob(filepath.Join(top, ".shunt-*"))
			if len(left) > 0 || err != nil {
				t.Errorf("left %q, %v", left, err)
			}
		})
	}
}
