package tui_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/tui"
	"shunt/tui/dialog"
)

// TestSaveFile saves over whatever can be at a path. A file that somebody reads meanwhile stays whole for that reader, and
// nothing is left beside it.
func TestSaveFile(t *testing.T) {
	const old, text = "old\n", "new\n"
	put := func(t *testing.T, path string, mode fs.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(old), mode); err != nil {
			t.Fatal(err)
		}
	}
	link := func(t *testing.T, to, path string) {
		t.Helper()
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string)
		path    string // that is saved to; a.plan if it is ""
		file    string // that has the text then; path if it is ""
		over    dialog.Overwrite
		exists  bool
		err     string
		mode    fs.FileMode
	}{
		"new file":       {mode: 0o644},
		"new, by a yes":  {mode: 0o644, over: dialog.Replace},
		"file there":     {prepare: func(t *testing.T, dir string) { put(t, dir+"/a.plan", 0o600) }, exists: true},
		"link there":     {prepare: func(t *testing.T, dir string) { link(t, "nowhere", dir+"/a.plan") }, err: "it is a symbolic link, which shunt does not replace"},
		"directory":      {prepare: func(t *testing.T, dir string) { _ = os.Mkdir(dir+"/a.plan", 0o700) }, over: dialog.Replace, err: "it is not a regular file"},
		"no directory":   {path: "no/such/a.plan", err: "no such file or directory"},
		"name too long":  {path: strings.Repeat("x", 300), err: "file name too long"},
		"longer, by yes": {path: strings.Repeat("x", 300), over: dialog.Replace, err: "file name too long"},
		"an image": {prepare: func(t *testing.T, dir string) {
			put(t, dir+"/a.plan", 0o640)
			if err := os.Truncate(dir+"/a.plan", 16<<20+1); err != nil {
				t.Fatal(err)
			}
		}, over: dialog.Replace, err: "it is too large to be a text that was saved before: choose another name, or remove it first"},
		"replaced": {prepare: func(t *testing.T, dir string) { put(t, dir+"/a.plan", 0o640) }, over: dialog.Replace, mode: 0o640},
		"odd mode": {prepare: func(t *testing.T, dir string) { put(t, dir+"/a.plan", 0o604) }, over: dialog.Replace, mode: 0o604},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.prepare != nil {
				c.prepare(t, dir)
			}
			if c.path == "" {
				c.path = "a.plan"
			}
			if c.file == "" {
				c.file = c.path
			}
			path := filepath.Join(dir, c.path)
			reader, _ := os.Open(filepath.Join(dir, c.file))
			before := listed(t, dir)
			exists, err := tui.SaveFile(dialog.Save{Path: path, Text: text, Over: c.over})
			if exists != c.exists {
				t.Errorf("there is a file: %t", exists)
			}
			if want := "save " + path + ": " + c.err; c.err != "" && (err == nil || err.Error() != want) || c.err == "" && err != nil {
				t.Errorf("%v, want %q", err, c.err)
			}
			after := listed(t, dir)
			if c.exists || c.err != "" {
				if after != before {
					t.Errorf("%s became %s", before, after)
				}
				return
			}
			got, _ := os.ReadFile(filepath.Join(dir, c.file))
			info, err := os.Lstat(filepath.Join(dir, c.file))
			if err != nil || string(got) != text || info.Mode() != c.mode {
				t.Errorf("saved %q, %v, %v", got, info, err)
			}
			if strings.Contains(after, ".shunt-") || strings.Count(after, "->") != strings.Count(before, "->") {
				t.Errorf("%s became %s", before, after)
			}
			if reader != nil {
				was := make([]byte, 9)
				if n, _ := reader.Read(was); string(was[:n]) != old && info.Mode().Perm()&0o400 != 0 {
					t.Errorf("who reads the old file sees %q", was[:n])
				}
				_ = reader.Close()
			}
		})
	}
}

// listed is every file below a directory with its text or where it leads to.
func listed(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		text, _ := os.ReadFile(path)
		if to, linkErr := os.Readlink(path); linkErr == nil {
			text = []byte("-> " + to)
		}
		out.WriteString(path + " " + d.Type().String() + " " + string(text) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
