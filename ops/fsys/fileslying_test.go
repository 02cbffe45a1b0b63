package fsys

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
)

// extremes are the numbers that a lying header holds.
var extremes = []uint32{0, 1, 2, 8, 0x1000, 0xFFFF, 1 << 16, 1 << 20, 1 << 24, 1<<31 - 1, 1 << 31, 1<<32 - 1}

// listed lists the root directory with go-diskfs, if it is let at the file system, in little memory.
func listed(t *testing.T, src Files) (read bool) {
	t.Helper()
	src.Mount = func(string, string) (string, error) { return "", errors.New("nothing is mounted here") }
	frugal(t, func() {
		for _, w := range Of(src.Kind).Ways(src) {
			if w.suits != nil {
				_, _, err := w.Read(context.Background(), src, nil)
				read = err == nil
			}
		}
	})
	return read
}

// spoilt is a disk of n bytes with some at its start, one number put over them, and zeros behind.
type spoilt struct {
	head   []byte
	number []byte
	at, n  int64
}

func (s spoilt) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), s.n-off)))
	clear(p[:n])
	if off < int64(len(s.head)) {
		copy(p[:n], s.head[off:])
	}
	for i, b := range s.number {
		if at := s.at + int64(i) - off; at >= 0 && at < int64(n) {
			p[at] = b
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestFATFilesLyingHeaders puts extreme numbers into all fields of the boot sector of the largest volumes that go-diskfs is let
// at, and of others.
func TestFATFilesLyingHeaders(t *testing.T) {
	rng := randomised(t)
	le := binary.LittleEndian
	const size = 1 << 40
	for kind, sectors := range map[model.FSKind]uint32{model.FAT12: 8, model.FAT16: 256, model.FAT32: 8 << 20 / 512} {
		head := make([]byte, (33+sectors)*512)
		copy(head, "\xEB\x58\x90mkfs.fat")
		le.PutUint16(head[11:], 512)
		head[13], head[16], head[21] = 8, 2, 0xF8
		le.PutUint16(head[14:], 32)
		le.PutUint32(head[32:], 32+2*sectors+sectors*128*8/2)
		wide := kind == model.FAT32
		if wide {
			le.PutUint32(head[36:], sectors)
			le.PutUint32(head[44:], 2)
			head[48], head[50], head[66] = 1, 6, 0x29
			copy(head[512:], "RRaA")
			copy(head[512+484:], "rrAa")
			head[1022], head[1023] = 0x55, 0xAA
		} else {
			le.PutUint16(head[22:], uint16(sectors))
			le.PutUint16(head[17:], 512)
			head[38] = 0x29
		}
		copy(head[map[bool]int{true: 82, false: 54}[wide]:], map[model.FSKind]string{model.FAT12: "FAT12   ", model.FAT16: "FAT16   ", model.FAT32: "FAT32   "}[kind])
		head[510], head[511] = 0x55, 0xAA
		for i := range 3 {
			le.PutUint32(head[32*512+4*i:], 0x0FFFFFF8)
			le.PutUint32(head[(32+sectors)*512+4*uint32(i):], 0x0FFFFFF8)
		}
		read := 0
		for at := int64(11); at < 90; at += 1 + rng.Int64N(3) {
			number := le.AppendUint32(nil, extremes[rng.IntN(len(extremes))])[:1<<rng.IntN(3)]
			if listed(t, Files{Base: spoilt{head, number, at, size}, Len: size, Kind: kind}) {
				read++
			}
			if t.Failed() {
				t.Fatalf("%s with % x at %d", kind, number, at)
			}
		}
		t.Logf("%s: %d volumes read", kind, read)
		if read < 10 {
			t.Error("hardly any is read")
		}
	}
}

// TestExtFilesLyingHeaders puts extreme numbers into all fields of a superblock, whose checksum is right.
func TestExtFilesLyingHeaders(t *testing.T) {
	rng := randomised(t)
	testneed.Tool(t, "mke2fs")
	path := filepath.Join(t.TempDir(), "image")
	cmd := exec.Command("sh", "-ec", "truncate -s 64M "+path+"; mke2fs -q -t ext4 -d . "+path)
	cmd.Env = append(os.Environ(), "PATH=/usr/local/sbin:/usr/sbin:/sbin:"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const super, sum = 1024, 1020
	sb := bytes.Clone(image[super : 2*super])
	read := 0
	for at := 0; at < sum; at += 4 {
		for range 2 {
			copy(image[super:], sb)
			binary.LittleEndian.PutUint32(image[super+at:], extremes[rng.IntN(len(extremes))])
			crc := ^crc32.Update(0, crc32.MakeTable(crc32.Castagnoli), image[super:super+sum])
			binary.LittleEndian.PutUint32(image[super+sum:], crc)
			if listed(t, Files{Base: bytes.NewReader(image), Len: int64(len(image)), Kind: model.Ext4}) {
				read++
			}
			if t.Failed() {
				t.Fatalf("% x at %d of the superblock", image[super+at:][:4], at)
			}
		}
	}
	t.Logf("%d file systems read", read)
	if read < 100 {
		t.Error("hardly any is read")
	}
}
