package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shunt/model/testneed"
)

// takes is how much room a file takes on its host, in bytes.
func takes(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("the system has no such status")
	}
	return st.Blocks * 512
}

// TestPreallocatedGrowth grows images of both formats and has the new part allocated. An undo gives the room back.
func TestPreallocatedGrowth(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	const more = 32 * mib
	for i, c := range []struct {
		name, script, how string
		room              bool // on the host
		mapped            bool // by the format
	}{
		{"raw, falloc", "cp r f", "falloc", true, false},
		{"qcow2, falloc", "qemu-img convert -O qcow2 r f", "falloc", true, true},
		{"qcow2, metadata", "qemu-img convert -O qcow2 r f", "metadata", false, true},
		{"version 2, metadata", "qemu-img convert -O qcow2 -o compat=0.10 r f", "metadata", false, true},
		{"preallocated", "qemu-img convert -O qcow2 -o preallocation=metadata r f", "", false, true},
		{"preallocated, off", "qemu-img convert -O qcow2 -o preallocation=metadata r f", "off", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := people()[i%len(people())]
			dir := p.dir(t)
			sh(t, dir, "truncate -s 16M r; echo 2048 | sfdisk -q --label gpt r; "+c.script+"; cp f before")
			image := filepath.Join(dir, "f")
			p.own(t, image)
			was := takes(t, image)
			line := "image grow 32MiB"
			if c.how != "" {
				line += " prealloc=" + c.how
			}
			p.run(t, "apply", "--yes", image, write(t, line+"\n")).want(t, 0, "Done")
			if n := takes(t, image) - was; (n >= more) != c.room || n > more+8*mib {
				t.Errorf("the file takes %d bytes more of its host", n)
			}
			if strings.HasPrefix(c.name, "raw") {
				p.run(t, "undo", "--yes", image).want(t, 0, "exactly as it was")
				sh(t, dir, "cmp f before")
				return
			}
			offsets := sh(t, dir, "qemu-img check -q f && qemu-img map --output=json f | grep -c offset || true")
			at := sh(t, dir, fmt.Sprintf("qemu-img map -s %d --output=json f | head -1", 16*mib))
			if strings.Contains(at, "offset") != c.mapped {
				t.Errorf("the new part begins with %s (%s runs have a place)", at, offsets)
			}
			p.run(t, "undo", "--yes", image).want(t, 0, "exactly as it was")
			sh(t, dir, "qemu-img check -q f && qemu-img compare -q f before")
			if n := takes(t, image); n > was+mib {
				t.Errorf("the file took %d bytes of its host, and takes %d after the undo", was, n)
			}
		})
	}
}
