package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shunt/model/testneed"
)

// answerTime is more than the worker's own limits allow, on a slow machine.
const answerTime = 3 * time.Minute

// outlast lists the root and asks for information. Whatever is on the image, there is a listing or an error, in time, and
// what is listed is bounded.
func outlast(t *testing.T, rng *rand.Rand, image string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	v, err := View(image, Options{})
	if err != nil {
		return // not even that much is left
	}
	defer func() { _ = v.Close() }()
	for _, dir := range []string{"", "sub"}[:1+rng.Intn(2)] {
		list, err := v.List(ctx, 0, dir)
		if ctx.Err() != nil {
			t.Fatalf("no answer after %s", answerTime)
		}
		if err != nil {
			t.Logf("%q: %v", dir, err)
		} else {
			t.Logf("%q: %d entries by %s", dir, len(list.Entries), list.By)
		}
	}
	if rng.Intn(2) == 0 {
		if _, err := v.Inform(ctx, 0); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "shunt-look-*")); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

// TestDamaged flips bytes of the metadata at random.
func TestDamaged(t *testing.T) {
	for _, tool := range []string{"mke2fs", "debugfs", "mkfs.fat", "mcopy", "mdir"} {
		testneed.Tool(t, tool)
	}
	t.Setenv("TMPDIR", t.TempDir())
	dir := tree(t, false)
	for _, c := range []struct {
		name, fill string
		most       int // how far metadata reaches, in bytes
	}{
		{"ext4", "mke2fs -q -F -t ext4 -d $d $i", 400 << 10},
		{"ext2", "mke2fs -q -F -t ext2 -d $d $i", 400 << 10},
		{"fat32", "mkfs.fat -F 32 -s 1 $i; mcopy -s -i $i $d/* ::/", 700 << 10},
		{"fat12", "mkfs.fat -F 12 -s 64 $i; mcopy -s -i $i $d/* ::/", 60 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewSource(testneed.Seed(t)))
			work := t.TempDir()
			sh(t, work, "i=image; d='"+dir+"'; truncate -s 40M $i; "+c.fill)
			good, err := os.ReadFile(filepath.Join(work, "image"))
			if err != nil {
				t.Fatal(err)
			}
			var used []int // bytes that are not zero are worth more
			for i, b := range good[:c.most] {
				if b != 0 {
					used = append(used, i)
				}
			}
			for n := range *hostileFlag {
				bad := bytes.Clone(good)
				for range 1 + rng.Intn(30) {
					at := used[rng.Intn(len(used))]
					if rng.Intn(4) == 0 {
						at = rng.Intn(c.most)
					}
					bad[at] = byte(rng.Intn(256))
				}
				path := filepath.Join(work, fmt.Sprintf("bad%d", n))
				if err := os.WriteFile(path, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				outlast(t, rng, path)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestCycle has a chain of clusters that never ends: go-diskfs follows it until all memory is taken.
func TestCycle(t *testing.T) {
	for _, tool := range []string{"mkfs.fat", "mcopy", "mdir"} {
		testneed.Tool(t, tool)
	}
	t.Setenv("TMPDIR", t.TempDir())
	work := t.TempDir()
	sh(t, work, "truncate -s 40M image; mkfs.fat -F 32 -s 1 image; mkdir d; for i in $(seq 60); do echo $i >d/long-name-number-$i.txt; done; mcopy -i image d/* ::/")
	path := filepath.Join(work, "image")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	u16 := func(off int) int { return int(binary.LittleEndian.Uint16(b[off:])) }
	fat, length := u16(14)*512, int(binary.LittleEndian.Uint32(b[36:]))*512
	entry := func(n int) []byte { return b[fat+4*n:] }
	second := int(binary.LittleEndian.Uint32(entry(2)))
	if second < 3 || second > 1000 {
		t.Fatalf("the root directory goes on in cluster %d", second)
	}
	for _, table := range []int{0, length} {
		binary.LittleEndian.PutUint32(b[fat+table+4*second:], 2)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	outlast(t, rand.New(rand.NewSource(testneed.Seed(t))), path)
}
