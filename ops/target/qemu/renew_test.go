package qemu

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shunt/geometry"
	"shunt/ops/target"
	"shunt/ops/tool"
)

// disk is the content of a new image: random bytes at both ends.
type disk struct {
	*bytes.Reader
	cut int64 // the bytes behind it, but for the last ones, are zero
}

func (d disk) Size() int64 { return d.Reader.Size() }

func (d disk) Data(off int64) (start, end int64, err error) {
	size, tail := d.Size(), d.Size()-1000
	switch {
	case off < d.cut:
		return off, d.cut, nil
	case off < size:
		return max(off, tail), size, nil
	}
	return size, size, nil
}

func someDisk(t *testing.T, size int64) (disk, []byte) {
	t.Helper()
	b, cut, dice := make([]byte, size), size/8, random(t)
	for i := range b {
		if int64(i) < cut || int64(i) >= size-1000 {
			b[i] = byte(dice.Uint32())
		}
	}
	return disk{bytes.NewReader(b), cut}, b
}

// properties asks qemu-img what an image is, without what a new size changes.
func properties(t *testing.T, path, format string) map[string]any {
	t.Helper()
	out, err := exec.Command("qemu-img", "info", "-U", "--output=json", "-f", format, path).Output()
	require(t, err)
	var info map[string]any
	require(t, json.Unmarshal(out, &info))
	for _, key := range []string{"virtual-size", "actual-size", "filename", "dirty-flag", "children"} {
		delete(info, key)
	}
	if specific, ok := info["format-specific"].(map[string]any); ok {
		data := specific["data"].(map[string]any)
		for _, key := range []string{"cid", "extents"} {
			delete(data, key)
		}
	}
	return info
}

// variants are options of qemu-img that a new image has to keep.
var variants = []struct{ format, options string }{
	{VMDK, "adapter_type=lsilogic,hwversion=9,zeroed_grain=on"},
	{VMDK, "adapter_type=buslogic"},
	{VHDX, "subformat=fixed,block_size=2M,log_size=2M"},
	{QED, "cluster_size=32768,table_size=2"},
	{Parallels, "cluster_size=65536"},
	{VPC, ""},
	{VPC, "subformat=fixed"},
}

// TestRenew has a longer and a shorter image written for one of each kind: qemu-img reads the disk that was given, finds the
// format in order, and sees the same properties as before.
func TestRenew(t *testing.T) {
	for i, k := range slices.Concat(kinds[:], variants) {
		for _, size := range [][]int64{{8 << 20}, {2<<20 + 512}}[i%2] {
			t.Run(fmt.Sprintf("%s %s %d", k.format, k.options, size), func(t *testing.T) {
				old := fresh(t, k.format, k.options, 4<<20)
				f := open(t, old, k.format, target.Edit)
				size := int64(f.ImageState().Rounded(geometry.Bytes(size), geometry.Sector512))
				content, want := someDisk(t, size)
				path := filepath.Join(t.TempDir(), "new: a,b")
				out, err := os.Create(path)
				require(t, err)
				last := int64(0)
				n := target.New{Size: size, Content: content, Watch: func(done int64) { last = done }}
				require(t, f.Renew(context.Background(), out, n))
				if last != size {
					t.Errorf("%d of %d bytes reported", last, size)
				}
				again, done, err := f.Reread(context.Background(), out)
				require(t, err)
				got := make([]byte, size)
				_, err = again.ReadAt(got, 0)
				require(t, err, done(), out.Close())
				if !bytes.Equal(got, want) || !bytes.Equal(bytesOf(t, path, k.format), want) {
					t.Error("it holds another disk")
				}
				if now, was := properties(t, path, k.format), properties(t, old, k.format); fmt.Sprint(now) != fmt.Sprint(was) {
					t.Errorf("it has the properties %v\nand the old one    %v", now, was)
				}
				sameIdentity(t, f, path)
			})
		}
	}
}

// sameIdentity compares the number of the disk, where machines know it by that.
func sameIdentity(t *testing.T, f *file, path string) {
	t.Helper()
	now, err := os.ReadFile(path)
	require(t, err)
	was, err := os.ReadFile(f.Real)
	require(t, err)
	switch f.format {
	case VDI:
		now, was = now[392:408], was[392:408]
	case VPC:
		now, was = now[len(now)-512+68:][:16], was[len(was)-512+68:][:16]
	default:
		return
	}
	if !bytes.Equal(now, was) {
		t.Errorf("its number is %x, and was %x", now, was)
	}
}

// TestRenewEnds stops writing a new image, and has it fail: the error says why, and the old image is as it was.
func TestRenewEnds(t *testing.T) {
	path := fresh(t, VDI, "", 4<<20)
	before, err := os.ReadFile(path)
	require(t, err)
	f := open(t, path, VDI, target.Edit)
	content, _ := someDisk(t, 8<<20)
	out, err := os.Create(filepath.Join(t.TempDir(), "new"))
	require(t, err)
	defer func() { _ = out.Close() }() // nothing is in it
	ctx, stop := context.WithCancel(context.Background())
	n := target.New{Size: 8 << 20, Content: content, Watch: func(int64) { stop() }}
	if err := f.Renew(ctx, out, n); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	n.Watch, n.Size = nil, 100 // no size that a disk can have
	if err := f.Renew(context.Background(), out, n); err == nil || !strings.Contains(err.Error(), "100") {
		t.Errorf("an impossible size: %v", err)
	}
	now, err := os.ReadFile(path)
	require(t, err)
	if !bytes.Equal(now, before) {
		t.Error("the old image was changed")
	}
}

// counting notes how many writes are under way at a time. Each takes a second.
type counting struct{ now, most atomic.Int64 }

func (c *counting) WriteAt(p []byte, _ int64) (int, error) {
	c.most.Store(max(c.most.Load(), c.now.Add(1)))
	<-time.After(time.Second) // of a clock that stands still while anything else can go on
	c.now.Add(-1)
	return len(p), nil
}

// TestFillInTurn finds that a format gets several writes at a time only if it can take them.
func TestFillInTurn(t *testing.T) {
	for format, want := range map[string]int64{VDI: 1, VMDK: 8, VPC: 8, VHDX: 8, QED: 8, Parallels: 8} {
		synctest.Test(t, func(t *testing.T) {
			content, to := disk{bytes.NewReader(bytes.Repeat([]byte{1}, 12<<20)), 12 << 20}, counting{}
			f := file{format: format}
			require(t, fill(context.Background(), &to, target.New{Size: content.Size(), Content: content}, f.atOnce()))
			if got := to.most.Load(); got != want {
				t.Errorf("%s gets %d writes at a time, want %d", format, got, want)
			}
		})
	}
}

// TestFound has what qemu-img says end without a full stop, since a sentence goes on or ends behind it.
func TestFound(t *testing.T) {
	const said = "\n1 errors were found on the image.\nData may be corrupted, or further writes to the image may corrupt it.\n"
	want := "errors in the tables: 1 errors were found on the image. Data may be corrupted, or further writes to the image may corrupt it"
	if got := found(tool.Result{Exit: checkCorrupt, Output: said}); got != want {
		t.Errorf("%q", got)
	}
}

// TestInside has names that a descriptor cannot hold.
func TestInside(t *testing.T) {
	for name, want := range map[string]string{
		"a.vmdk": "a.vmdk", "a, b:c-d.vmdk": "a, b:c-d.vmdk", "a\nb": "disk", `a"b`: "disk", "ä": "ä",
	} {
		if got := inside(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
