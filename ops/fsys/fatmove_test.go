package fsys

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/fatfs"
)

var fatRounds = flag.Int("fat-rounds", 8, "how many FAT volumes of each kind are built and resized")

// memoryTools work on windows in memory.
func memoryTools(w memory) Tools {
	return Tools{Open: func(string) (File, error) { return memoryFile{w}, nil }}
}

type memoryFile struct{ memory }

func (memoryFile) Close() error { return nil }

func (m memoryFile) Size() (int64, error) { return int64(len(m.memory)), nil }

// resizedTo gives the window that size too, after growing and before shrinking the volume in it.
func resizedTo(img memory, kind model.FSKind, size int64) (memory, error) {
	if size > int64(len(img)) {
		img = append(bytes.Clone(img), bytes.Repeat([]byte{0x55}, int(size)-len(img))...)
	} else {
		img = bytes.Clone(img)
	}
	err := memoryTools(img).Resize(context.Background(), kind, "window", geometry.Bytes(size))
	return img[:size], err
}

// TestFATResizeBuilt resizes volumes that no tool makes, up and down at random. It is the twin of TestFATResize that needs
// no tools.
func TestFATResizeBuilt(t *testing.T) {
	rng := randomised(t)
	for i := range *fatRounds {
		for _, kind := range []model.FSKind{model.FAT12, model.FAT16, model.FAT32} {
			b := buildFAT(rng, kind)
			files, v := readFATFiles(t, b.img)
			sameTree(t, files, b.files)
			img := b.img
			for range 4 {
				used := int64(0)
				for c := int64(fatfs.FirstCluster); c < v.Clusters()+fatfs.FirstCluster; c++ {
					if e := entryOf(img[v.FATAt(v.Active):], kind, c); !e.free() {
						used++
					}
				}
				least := v.MinSize(used)
				size := least + rng.Int64N(2*b.v.Size())
				if rng.IntN(3) == 0 {
					size = least
				}
				size = min(size, v.LargestSize())
				if kind != model.FAT32 && rng.IntN(3) == 0 { // with larger clusters
					size = min(v.MaxSize()+512+rng.Int64N(8*mib), v.LargestSize())
				}
				size = size / 512 * 512
				bad := badPlaces(img, v)
				next, err := resizedTo(img, kind, size)
				if err != nil && (strings.Contains(err.Error(), "marked as bad") || strings.Contains(err.Error(), "many small files")) {
					continue
				}
				if err != nil {
					t.Fatalf("round %d, %s from %d to %d bytes: %v", i, kind, v.Size(), size, err)
				}
				img = next
				files, now := readFATFiles(t, img)
				sameTree(t, files, b.files)
				if now.Size() > size || now.Size() < size-v.SectorSize-3*v.ClusterSize()*v.Copies {
					t.Errorf("%d bytes long instead of %d: %+v", now.Size(), size, now)
				}
				stay := 0
				for _, at := range bad {
					if at < now.ClusterAt(now.Clusters()+fatfs.FirstCluster) {
						stay++
					}
				}
				if got := badPlaces(img, now); len(got) != stay || stay > 0 && got[0] != bad[0] {
					t.Errorf("bad clusters at %d, were at %d", got, bad)
				}
				for c := int64(1); c < now.Copies && now != v; c++ { // what stays as it is may have mirroring off
					n := now.FATSectors * now.SectorSize
					if !bytes.Equal(img[now.FATAt(0):][:n], img[now.FATAt(c):][:n]) {
						t.Errorf("FAT %d differs from the first", c+1)
					}
				}
				v = now
			}
			if t.Failed() {
				t.Fatalf("round %d, %s", i, kind)
			}
		}
	}
}

// TestFATBuilder has fsck.fat judge the volumes that the builder makes and what becomes of them.
func TestFATBuilder(t *testing.T) {
	tools := toolsHere(t, "fsck.fat")
	rng := randomised(t)
	for _, kind := range []model.FSKind{model.FAT12, model.FAT16, model.FAT32} {
		for done := 0; done < 4; {
			b := buildFAT(rng, kind)
			if b.v.Copies > 2 || b.v.Active > 0 { // fsck.fat knows no such volumes
				continue
			}
			done++
			path := filepath.Join(t.TempDir(), "window")
			must(t, os.WriteFile(path, b.img, 0o600))
			out, exit := try(t, "fsck.fat", "-n", path)
			if !strings.Contains(out, "unused cluster") && exit > 1 {
				t.Fatalf("exit code %d: %s", exit, out)
			}
			must(t, checked(context.Background(), tools, kind, path)) // the lost chain
			size := b.v.Size() * 2
			setSize(t, path, size)
			if err := tools.Resize(context.Background(), kind, path, geometry.Bytes(size)); err != nil && !strings.Contains(err.Error(), "marked as bad") {
				t.Fatal(err)
			}
			must(t, tools.Verify(context.Background(), kind, path))
		}
	}
}

func TestFATResizeRefusals(t *testing.T) {
	rng := randomised(t)
	b := buildFAT(rng, model.FAT16)
	for len(b.bad) > 0 {
		b = buildFAT(rng, model.FAT16)
	}
	least := b.v.MinSize(0)
	_, err := resizedTo(b.img, model.FAT16, least-512)
	var size *fatfs.SizeError
	if !errors.As(err, &size) || int64(size.Nearest) != least || !strings.Contains(err.Error(), "cannot be smaller") {
		t.Errorf("it would become FAT12: %v", err)
	}
	// A plan that chose the size itself is made again with the least one.
	var small *TooSmallError
	if !errors.As(err, &small) || int64(small.Least) != least || strings.Contains(err.Error(), "its contents need") {
		t.Errorf("it would become FAT12: %v", err)
	}
	most := b.v.MaxSize()
	if _, err = b.v.Resized(most/b.v.SectorSize + 1); !errors.As(err, &size) || int64(size.Nearest) != most || !strings.Contains(err.Error(), "cannot be larger") {
		t.Errorf("it would become FAT32: %v", err)
	}
	if _, err := resizedTo(b.img, model.FAT16, most); err != nil {
		t.Errorf("the largest size: %v", err)
	}
	for _, c := range []struct {
		name, want string
		break_     func(img memory)
	}{
		{"a chain that leaves the volume", "does not exist", func(img memory) {
			setEntry(img[b.v.FATAt(0):], model.FAT16, b.v.Clusters()-1, fatEntry{uint32(b.v.Clusters() + 2), 0xFFFF})
		}},
		{"a file in a free cluster", "free", func(img memory) {
			free := int64(2)
			for !entryOf(img[b.v.FATAt(0):], model.FAT16, free).free() {
				free++
			}
			copy(img[b.v.RootStart()*512:], dirEntry("FREE", 0x20, free, 10))
		}},
		{"a directory twice", "cannot begin a directory", func(img memory) {
			setEntry(img[b.v.FATAt(0):], model.FAT16, 2, fatEntry{0xFFFF, 0xFFFF})
			clear(img[b.v.ClusterAt(2):][:32])
			copy(img[b.v.RootStart()*512:], dirEntry("ONE", fatAttrDir, 2, 0))
			copy(img[b.v.RootStart()*512+32:], dirEntry("TWO", fatAttrDir, 2, 0))
		}},
		{"a directory in a circle", "another directory", func(img memory) {
			setEntry(img[b.v.FATAt(0):], model.FAT16, 2, fatEntry{2, 0xFFFF})
			for at := range b.v.ClusterSize() / 32 {
				copy(img[b.v.ClusterAt(2)+at*32:], dirEntry("\xE5", 0, 0, 0))
			}
			copy(img[b.v.RootStart()*512:], dirEntry("ONE", fatAttrDir, 2, 0))
		}},
	} {
		img := bytes.Clone(b.img)
		c.break_(img)
		if _, err := resizedTo(img, model.FAT16, b.v.Size()+50*b.v.ClusterSize()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// FuzzFATResize feeds damaged volumes. None may make a resize panic, run for long or ask for much memory. A volume is built
// from a seed; damage is bytes to be put into it, four at a time: where, in three bytes, and the byte. Every second
// place is in the boot sector or the FSInfo sector, the others are anywhere.
func FuzzFATResize(f *testing.F) {
	kinds := []model.FSKind{model.FAT12, model.FAT32, model.FAT16}
	for kind := range kinds {
		for seed := range uint64(4) {
			f.Add(seed, byte(kind), int64(300_000), []byte{})
			f.Add(seed, byte(kind), int64(3_000_000), []byte{13, 0, 0, 1, 0, 8, 0, 77})
		}
	}
	f.Fuzz(func(t *testing.T, seed uint64, kind byte, size int64, damage []byte) {
		if size <= 0 || size > 1<<23 {
			return
		}
		img := buildFAT(rand.New(rand.NewPCG(seed, 0)), kinds[int(kind)%len(kinds)]).img
		if size > int64(len(img)) {
			img = append(img, make([]byte, size-int64(len(img)))...)
		}
		for i := 0; len(damage) >= 4; i++ {
			at := (int(damage[0]) | int(damage[1])<<8 | int(damage[2])<<16) % len(img)
			if i%2 == 0 {
				at %= 1024
			}
			img[at] = damage[3]
			damage = damage[4:]
		}
		v, ok := fatfs.Parse(img)
		if !ok {
			return
		}
		var err error
		frugal(t, func() { err = memoryTools(img).Resize(context.Background(), v.Kind, "window", geometry.Bytes(size)) })
		if err != nil {
			return
		}
		if now, ok := fatfs.Parse(img); !ok || now.Kind != v.Kind || now.Size() > size {
			t.Errorf("%+v became %+v in %d bytes", v, now, size)
		}
	})
}
