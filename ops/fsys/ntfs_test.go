package fsys

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
)

// ntfsVolume makes a volume with a few files and returns the names of what was put into it.
func ntfsVolume(t testing.TB, n int64) (path string, files map[string]string) {
	t.Helper()
	path = sparse(t, n)
	tool(t, "mkntfs", "-q", "-Q", "-F", "-L", "data", "-p", "2048", path)
	dir := fileTree(t, 4*mib)
	files = make(map[string]string)
	for name, content := range contents(t, dir) {
		if len(files) == 12 {
			break
		}
		to := strings.ReplaceAll(name, "/", "_")
		files[to] = content
		tool(t, "ntfscp", "-f", path, filepath.Join(dir, name), to)
	}
	return path, files
}

func ntfsContents(t testing.TB, path string, names map[string]string) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for name := range names {
		out, err := exec.Command(testneed.Tool(t, "ntfscat"), "-f", path, name).Output()
		if err != nil {
			t.Fatal(err)
		}
		got[name] = string(out)
	}
	return got
}

func TestNTFSResize(t *testing.T) {
	tools := toolsHere(t, "mkntfs", "ntfsresize", "ntfscp", "ntfscat", "ntfsfix")
	ctx := context.Background()
	path, files := ntfsVolume(t, 64*mib)
	must(t, checked(ctx, tools, model.NTFS, path))
	for _, size := range []geometry.Bytes{40*geometry.MiB + 1536, mustProbe(t, path).Min/512*512 + 512} {
		must(t, tools.Resize(ctx, model.NTFS, path, size))
		must(t, tools.Verify(ctx, model.NTFS, path))
		setSize(t, path, int64(size))
		if out := tool(t, "ntfsfix", "-n", path); !strings.Contains(out, "alternate boot sector... OK") {
			t.Errorf("backup boot sector in %d bytes: %s", size, out)
		}
		must(t, tools.Verify(ctx, model.NTFS, path))
		if fs := mustProbe(t, path); fs.Size > size || fs.Dirty != "marked for a check by Windows" {
			t.Errorf("shrunk to %d: %+v", size, fs)
		}
	}
	setSize(t, path, 80*mib+512)
	must(t, tools.Resize(ctx, model.NTFS, path, 80*geometry.MiB+512))
	must(t, tools.Verify(ctx, model.NTFS, path))
	if out := tool(t, "ntfsfix", "-n", path); !strings.Contains(out, "alternate boot sector... OK") {
		t.Errorf("backup boot sector after growing: %s", out)
	}
	sameFiles(t, ntfsContents(t, path, files), files)

	var failed *ToolError
	if err := tools.Resize(ctx, model.NTFS, path, 2*geometry.MiB); !errors.As(err, &failed) || !strings.Contains(err.Error(), "--no-action") && !strings.Contains(err.Error(), "New size can't be less") {
		t.Errorf("too small: %v", err)
	}
	sameFiles(t, ntfsContents(t, path, files), files)
}

func TestNTFSHibernated(t *testing.T) {
	tools := toolsHere(t, "mkntfs", "ntfsresize", "ntfscp")
	path := sparse(t, 16*mib)
	tool(t, "mkntfs", "-q", "-Q", "-F", path)
	file := filepath.Join(t.TempDir(), "hiberfil")
	must(t, os.WriteFile(file, append([]byte("HIBR"), make([]byte, 9000)...), 0o600))
	tool(t, "ntfscp", "-f", path, file, "hiberfil.sys")
	err := tools.Resize(context.Background(), model.NTFS, path, 12*geometry.MiB)
	if err == nil || !strings.Contains(err.Error(), "Windows is hibernated in it") {
		t.Errorf("hibernated: %v", err)
	}
}
