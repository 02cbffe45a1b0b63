package target

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestGuarded plants in the way to a directory what others could use to put something else in its place.
func TestGuarded(t *testing.T) {
	testneed.Root(t) // to give things to others
	top := t.TempDir()
	const other = 12345
	do := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	at := func(names ...string) string { return filepath.Join(append([]string{top}, names...)...) }
	for _, dir := range []string{"plain/in", "theirs/in", "open/in", "sticky/ours", "sticky/theirs", "own/theirs"} {
		do(os.MkdirAll(at(dir), 0o755))
	}
	for _, dir := range []string{"theirs", "sticky/theirs", "own/theirs"} {
		do(os.Chown(at(dir), other, other))
	}
	do(os.Chmod(at("open"), 0o777), os.Chmod(at("sticky"), 0o777|os.ModeSticky))
	do(os.Symlink("../plain/in", at("plain/link")), os.Symlink(at("theirs/in"), at("plain/away")), os.Symlink("loop", at("plain/loop")))
	do(os.Symlink(at("plain/in"), at("sticky/link")), os.Lchown(at("sticky/link"), other, other))
	do(os.Symlink(at("plain/in"), at("own/link")), os.Lchown(at("own/link"), other, other))
	do(os.WriteFile(at("plain/file"), nil, 0o644))
	for path, want := range map[string]string{
		"plain/in": "", "plain//./in/": "", "plain/link": "", "sticky/ours": "", "own/theirs": "",
		"theirs/in": "the place of", "open/in": "the place of", "sticky/theirs": "the place of", "plain/away": "the place of",
		"sticky/link": "the place of", "own/link": "another user", "plain/loop": "too many links", "plain/file": "not a directory", "plain/none": "no such file",
	} {
		f, real, err := Guarded(top + "/" + path)
		if err == nil {
			do(f.Close())
			if info, err := os.Stat(real); err != nil || !info.IsDir() || real != filepath.Clean(real) {
				t.Errorf("%s: %s, %v", path, real, err)
			}
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
