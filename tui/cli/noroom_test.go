package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// layerEdits are edits of whole images, with what they change.
var layerEdits = []struct {
	name string
	args []string // the names of files in the directory stand for their paths
}{
	{"snapshot create", []string{"snapshot", "create", "f", "new"}},
	{"snapshot apply", []string{"snapshot", "apply", "--yes", "f", "one"}},
	{"snapshot delete", []string{"snapshot", "delete", "--yes", "f", "one"}},
	{"sparsify qcow2", []string{"sparsify", "--yes", "g"}},
	{"sparsify raw", []string{"sparsify", "--yes", "r"}},
	{"commit into raw", []string{"commit", "--yes", "overraw"}},
	{"commit into qcow2", []string{"commit", "--yes", "overqcow2"}},
	{"commit into vmdk", []string{"commit", "--yes", "overvmdk"}},
	{"rebase", []string{"rebase", "--yes", "overraw", "--backing", "baseqcow2"}},
	{"flatten", []string{"flatten", "--yes", "overqcow2"}},
}

// layerFiles makes the files of layerEdits in the directory of a person.
func layerFiles(t *testing.T, p person) (dir string) {
	t.Helper()
	return layered(t, p, `qemu-io -f raw -c 'write -P 7 12M 3M' r; qemu-img convert -O qcow2 r g; cp g f; qemu-img snapshot -c one f; qemu-io -c 'write 2M 1M' f
for i in raw qcow2 vmdk; do qemu-img convert -O $i r base$i; qemu-img create -q -f qcow2 -F $i -b base$i over$i; qemu-io -c 'write -P 5 20M 2M' over$i; done`)
}

// edit runs one of layerEdits in a directory.
func (p person) edit(t *testing.T, dir string, args []string) outcome {
	t.Helper()
	list := append([]string{"image"}, args...)
	for i, a := range list {
		if _, err := os.Stat(filepath.Join(dir, a)); err == nil {
			list[i] = filepath.Join(dir, a)
		}
	}
	return p.run(t, list...)
}

// shows is what the images in a directory show, and the names there.
func shows(t *testing.T, dir string) string {
	t.Helper()
	return sh(t, dir, `ls -A; for i in f g over*; do qemu-img check -q $i; qemu-img convert -O raw $i /tmp/x$$; cksum </tmp/x$$; rm /tmp/x$$; qemu-img info $i | grep -e "^1" -e backing || true; done
for i in r base*; do cksum $i; done`)
}

// TestReadOnlyDirectory edits images in a directory that cannot be written to. Nothing changes, and what is missing is said.
func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	p := people()[len(people())-1] // root can write to it
	dir := layerFiles(t, p)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	before := shows(t, dir)
	for _, c := range layerEdits {
		o := p.edit(t, dir, c.args)
		if o.code != exitRefused || !strings.Contains(o.err, "permission denied") {
			t.Errorf("%s: code %d, %s", c.name, o.code, o.err)
		}
	}
	if now := shows(t, dir); now != before {
		t.Errorf("it was\n%s\nand is\n%s", before, now)
	}
}

// TestNoRoom edits images on a file system that is full, or becomes full. Nothing changes, and with room the edits go on.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	p := people()[0]
	host := small(t, 100)
	sh(t, host, "cp --sparse=always '"+layerFiles(t, p)+"'/* .; rm -rf lost+found")
	before := shows(t, host)
	for _, keep := range []int64{64 << 10} {
		makeRoom := fill(t, host, keep)
		for _, c := range layerEdits {
			if c.name == "sparsify raw" {
				continue // it needs no room, and what it gives back does not return
			}
			o := p.edit(t, host, c.args)
			image := filepath.Join(host, strings.Replace(c.args[len(c.args)-1], "over", "base", 1))
			switch {
			case o.code == exitRefused && strings.Contains(o.err, "no space left on device"):
			case o.code == exitInterrupted && c.name == "commit into raw":
				p.run(t, "recover", "--rollback", image).want(t, exitDone, "Rolled back")
			case o.code == exitDone && c.name == "rebase": // the two backing files show the same
				p.run(t, "undo", "--yes", filepath.Join(host, "overraw")).want(t, exitDone)
			default:
				t.Errorf("%d bytes free, %s: code %d, %s", keep, c.name, o.code, o.err)
			}
		}
		makeRoom()
		if now := shows(t, host); now != before {
			t.Errorf("%d bytes free: it was\n%s\nand is\n%s", keep, before, now)
		}
	}
}
