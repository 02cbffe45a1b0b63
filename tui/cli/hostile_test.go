package cli

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"shunt/model/testneed"
	"shunt/ops/nearby"
)

// be is the order of bytes in a qcow2 image.
var be = binary.BigEndian

// hostile is a qcow2 image of QEMU's that was patched at the places that the format's specification names.
type hostile struct {
	name, from string
	patch      func(b []byte) []byte
	says       string // by info; "" if the disk can be read
}

// Fields of the header.
const (
	atL1Size, atL1, atRefTable, atSnapshotCount, atSnapshots = 36, 40, 48, 60, 64
)

// put writes a number of 4 or 8 bytes at a place.
func put(at int, value any) func(b []byte) []byte {
	return func(b []byte) []byte {
		switch v := value.(type) {
		case uint32:
			be.PutUint32(b[at:], v)
		case uint64:
			be.PutUint64(b[at:], v)
		}
		return b
	}
}

// within writes a number at a place within the table to which a field of the header points.
func within(field, at int, value any) func(b []byte) []byte {
	return func(b []byte) []byte { return put(int(be.Uint64(b[field:]))+at, value)(b) }
}

// selfish lets the first entry of a table name the table itself.
func selfish(field int) func(b []byte) []byte {
	return func(b []byte) []byte { return within(field, 0, be.Uint64(b[field:]))(b) }
}

// eachL2 writes all entries of the first L2 table: entry is called with the table's place and the number of the entry.
func eachL2(entry func(table, i int) uint64) func(b []byte) []byte {
	return func(b []byte) []byte {
		table := int(be.Uint64(b[be.Uint64(b[atL1:]):]) & 0x00fffffffffffe00)
		for i := range 65536 / 8 {
			be.PutUint64(b[table+8*i:], entry(table, i))
		}
		return b
	}
}

// inflates lets every cluster be the same compressed one, whose content is given.
func inflates(content []byte) func(b []byte) []byte {
	return func(b []byte) []byte {
		b = append(b, make([]byte, -len(b)&65535)...)
		at := uint64(len(b))
		sectors := uint64(min(len(content)/512, 255))
		eachL2(func(int, int) uint64 { return 1<<62 | sectors<<54 | at })(b)
		b = append(b, content...)
		return append(b, make([]byte, -len(b)&511)...)
	}
}

// bomb is a deflate stream that gives zeros for very long.
func bomb() []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // the level is valid
	for range 64 {
		_, _ = w.Write(make([]byte, mib)) // a buffer takes all
	}
	_ = w.Close()
	return b.Bytes()
}

const (
	mark    = uint64(1) << 63
	hostEnd = uint64(1) << 56
	far     = uint64(1) << 40
)

func hostiles() []hostile {
	const damaged = "the qcow2 image is damaged"
	return []hostile{
		{"L1 table beyond 2^56", "plain", put(atL1, hostEnd), "its L1 table would lie at byte 72057594037927936"},
		{"L1 table far behind the end", "plain", put(atL1, far), ""},
		{"L1 table is the refcount table", "plain", put(atL1, uint64(0x10000)), ""},
		{"L1 table at itself", "plain", within(atL1, 0, mark|0x30000), ""},
		{"L1 entry at the header", "plain", within(atL1, 0, mark), ""},
		{"L1 of 32 MiB", "plain", put(atL1Size, uint32(4<<20)), ""},
		{"L1 of 32 GiB", "plain", put(atL1Size, uint32(1<<32-1)), "its L1 table would have 4294967295 entries"},
		{"L2 table at itself", "plain", eachL2(func(table, _ int) uint64 { return mark | uint64(table) }), ""},
		{"L2 entries at the header", "plain", eachL2(func(int, int) uint64 { return mark | 0x10000 }), ""},
		{"L2 entries far behind the end", "plain", eachL2(func(_, i int) uint64 { return mark | (far + uint64(i)<<16) }), ""},
		{"L2 entries with unknown bits", "plain", eachL2(func(int, int) uint64 { return mark | 0x3f00000000050000 }), damaged},
		{"compressed far behind the end", "zlib", eachL2(func(_, i int) uint64 { return 1<<62 | 255<<54 | (far + uint64(i)) }), damaged},
		{"compressed at the header", "zlib", eachL2(func(int, int) uint64 { return 1<<62 | 255<<54 }), damaged},
		{"zlib bomb", "zlib", inflates(bomb()), ""},
		{"zlib without an end", "zlib", inflates(bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 20000)), damaged},
		{"zstd without content", "zstd", inflates(bytes.Repeat([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0}, 7000)), damaged},
		{"zstd with a window of 2 GiB", "zstd", inflates(append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8}, make([]byte, 100)...)), damaged},
		{"refcount table beyond 2^56", "plain", put(atRefTable, hostEnd), "its refcount table would lie at byte"},
		{"refcount table at the header", "plain", put(atRefTable, uint64(0)), "its refcount table would lie at byte 0"},
		{"refcount table of 32 GiB", "plain", put(56, uint32(1<<32-1)), "its refcount table would have"},
		{"refcount block at the table", "plain", within(atRefTable, 0, uint64(0x10000)), ""},
		{"refcount block far behind the end", "plain", within(atRefTable, 0, far), ""},
		{"snapshots beyond 2^32", "snapshots", put(atSnapshotCount, uint32(1<<32-1)), "its snapshot table would have"},
		{"snapshots at the header", "snapshots", put(atSnapshots, uint64(0)), "its snapshot table would lie at byte 0"},
		{"snapshots at the L1 table", "snapshots", put(atSnapshots, uint64(0x30000)), damaged},
		{"snapshot with an L1 table far away", "snapshots", within(atSnapshots, 0, far), ""},
		{"snapshot with an L1 table at itself", "snapshots", selfish(atSnapshots), ""},
		{"snapshot with an L1 table of 32 GiB", "snapshots", within(atSnapshots, 8, uint32(1<<32-1)), "the L1 table of snapshot 1 would have"},
		{"snapshot with endless data", "snapshots", within(atSnapshots, 36, uint32(1<<32-1)), damaged},
		{"header without an end", "plain", put(100, uint32(1<<32-1)), "its header would be 4294967295 bytes long"},
		{"extension without an end", "plain", put(116, uint32(1<<32-1)), "a header extension at byte 112 would be 4294967295 bytes long"},
		{"clusters of 2^31", "plain", put(20, uint32(31)), "its clusters would have 2^31 bytes"},
		{"disk of 2^63", "plain", put(24, mark), "its disk would be 9223372036854775808 bytes long"},
	}
}

// chains are images whose backing files lead nowhere good, by scripts that make the image f.
func chains() []hostile {
	of := func(format, name string) string {
		return fmt.Sprintf("qemu-img create -q -f qcow2 -u -F %s -b '%s' f 4M", format, name)
	}
	// patched gives the image a name that qemu-img would not write.
	patched := func(name string) string {
		return of("raw", strings.Repeat("x", len(name))) + "; printf '" + name + "' | dd of=f bs=1 seek=528 conv=notrunc status=none"
	}
	long := func(n int, more string) string {
		return fmt.Sprintf(`truncate -s 4M c0; qemu-img create -q -f qcow2 -u -F raw -b c0 c1 4M
printf 'c%%d' 0 >name; for i in $(seq 2 %d); do cp c1 c$i; done
for i in $(seq 2 %d); do %s qemu-img rebase -u -f qcow2 -F qcow2 -b c$((i - 1)) c$i; done; ln c%d f`, n, n, more, n)
	}
	script := func(name, script, says string) hostile { return hostile{name: name, from: script, says: says} }
	return []hostile{
		script("itself", of("qcow2", "g")+"; qemu-img rebase -u -f qcow2 -F qcow2 -b f f", "leads back to itself"),
		script("a circle", of("qcow2", "g")+"; qemu-img create -q -f qcow2 -u -F qcow2 -b f g 4M", "leads back to itself"),
		script("a link to itself", of("qcow2", "g")+"; ln -s f g", "leads back to itself"),
		script("66 files", long(66, ""), "more than 64 backing files"),
		script("large L1 tables", long(4, `printf '\000\100\000\000' | dd of=c$i bs=1 seek=36 conv=notrunc status=none;`), "L1 tables"),
		script("a device", of("raw", "/dev/zero"), "not a regular file: /dev/zero; name another one with `qemu-img rebase"),
		script("a pipe", "mkfifo p; "+of("raw", "p"), "is not a regular file"),
		script("a directory", of("raw", "."), "is not a regular file"),
		script("an endless file of the kernel", of("qcow2", "/proc/kmsg"), "does not begin with the magic number"),
		script("NBD", of("raw", "nbd:unix:/none"), "nbd:unix:/none: it is named as a protocol"),
		script("JSON", of("raw", `json:{"driver":"nbd","host":"h"}`), "its option host is not supported"),
		script("HTTP", of("raw", "http://localhost/x"), "http://localhost/x: it is named as a protocol"),
		script("nothing", of("raw", "gone"), "is missing"),
		script("a zero byte", patched(`a\000b`), "has a zero byte in it"),
		script("a line break", patched(`a\nb`), "is missing"),
		script("escape codes", patched(`\033[2Jx\033]0;y\007`), "is missing"),
		script("a command", patched("`touch planted`"), "is missing"),
	}
}

// TestHostileImages opens images that mean harm. Each program ends with one line that says what is wrong, in little
// memory. Nothing is written, and a list of them can be looked through. With -matrix every command meets each of them.
func TestHostileImages(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	p := people()[0]
	dir := p.dir(t)
	sh(t, dir, `truncate -s 64M raw; printf 'label: gpt\n,20M\n,10M\n' | sfdisk -q --no-tell-kernel raw
echo text | dd of=raw bs=1M seek=1 conv=notrunc status=none; qemu-img convert -O qcow2 raw plain; qemu-img convert -c -O qcow2 raw zlib
qemu-img convert -c -o compression_type=zstd -O qcow2 raw zstd; cp plain snapshots; qemu-img snapshot -c one snapshots`)
	var images []string
	plan := write(t, "image grow 1MiB\n")
	for i, h := range append(hostiles(), chains()...) {
		t.Run(h.name, func(t *testing.T) {
			sub := filepath.Join(dir, strings.ReplaceAll(h.name, " ", "-"))
			if err := os.Mkdir(sub, 0o755); err != nil {
				t.Fatal(err)
			}
			image := filepath.Join(sub, "f")
			if h.patch == nil {
				sh(t, sub, h.from)
			} else if b, err := os.ReadFile(filepath.Join(dir, h.from)); err != nil {
				t.Fatal(err)
			} else if err := os.WriteFile(image, h.patch(b), 0o644); err != nil {
				t.Fatal(err)
			}
			images = append(images, image)
			sum := digest(t, image)
			for j, args := range [][]string{{"info", image}, {"apply", "--yes", image, plan}, {"check", image}, {"ls", image, "1"}} {
				if j > 1 && j != i%6 && !*wholeMatrix {
					continue
				}
				h.meet(t, p, args)
			}
			if digest(t, image) != sum {
				t.Error("the image has changed")
			}
			if left, err := filepath.Glob(filepath.Join(sub, "planted*")); err != nil || len(left) > 0 {
				t.Errorf("%v %v", left, err)
			}
		})
	}
	for i, s := range (nearby.Finder{}).Summarize(images) {
		if said := string(s.Cannot); strings.ContainsFunc(said, unicode.IsControl) || len(said) > 1000 {
			t.Errorf("%s: %q", images[i], said)
		}
	}
}

// meet runs a command on the image. Only apply must refuse all of them.
func (h hostile) meet(t *testing.T, p person, args []string) {
	t.Helper()
	cmd := p.program(t, args...)
	o := finish(t, cmd)
	// The kernel counts what the program that starts another one has in memory as that one's, too.
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		t.Fatal(err)
	}
	used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok || used.Maxrss > max(300<<10, own.Maxrss) {
		t.Errorf("%s takes %d KiB of memory", args[0], used.Maxrss)
	}
	said := strings.TrimSuffix(o.err, "\n")
	switch {
	case strings.Contains(o.err, "goroutine "), o.code != exitDone && o.code != exitRefused:
		t.Errorf("%s ends with %d:\n%s", args[0], o.code, o.err)
	case o.code == exitDone && (args[0] == "apply" || args[0] == "info" && h.says != ""):
		t.Errorf("%s sees no harm:\n%s", args[0], o.out)
	case args[0] == "info" && (h.says == "") != (o.code == exitDone), args[0] == "info" && !strings.Contains(said, h.says):
		t.Errorf("info says %q, want %q", said, h.says)
	case o.code == exitRefused && (strings.ContainsFunc(said, unicode.IsControl) || !strings.HasPrefix(said, "shunt: ")):
		t.Errorf("%s says more than a line: %q", args[0], o.err)
	}
}
