package qemu

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

// FuzzLook reads the facts of files with any bytes. No name of a part leads out of the directory.
func FuzzLook(f *testing.F) {
	f.Add(uint8(0), []byte("# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"x\"\nRW 8 FLAT \"a\" 0\n"))
	f.Add(uint8(1), append([]byte("KDMV\x01\x00\x00\x00"), make([]byte, 512)...))
	f.Add(uint8(2), append([]byte("QED\x00"), make([]byte, 64)...))
	f.Add(uint8(3), append(make([]byte, 64), "\x7f\x10\xda\xbe\x01\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00"...))
	f.Add(uint8(4), append([]byte("conectix"), make([]byte, 504)...))
	names := slices.Sorted(maps.Keys(formats))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		for _, name := range []string{names[int(which)%len(names)], VMDK} {
			got, err := formats[name].look(bytes.NewReader(data), int64(len(data)))
			for _, part := range got.parts {
				if err == nil && (strings.ContainsAny(part, "/\x00") || part == "" || part == "..") {
					t.Errorf("%s: the part %q", name, part)
				}
			}
			if len(got.below) > mostName+1<<20 {
				t.Errorf("%s: a name of %d bytes", name, len(got.below))
			}
		}
	})
}
