package registry

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// qemuFormats are those that a driver reads through QEMU.
var qemuFormats = []string{"qcow", "vdi", "vpc", "vhdx", "qed", "parallels", "vmdk", "dmg", "cloop", "bochs"}

// TestWayOut has the programs of each format make an image of a disk. Shunt names the format, and its advice is a command
// that gives the disk back. The name has a space, so that the command must quote it.
func TestWayOut(t *testing.T) {
	for _, c := range []struct {
		name, format string
		tools        string // the programs that make the image and convert it
		script       string // makes files of the disk "raw"
	}{
		{"d.img", "qcow", "qemu-img", "qemu-img convert -O qcow raw 'a d.img'"},
		{"d.img", "vdi", "qemu-img", "qemu-img convert -O vdi raw 'a d.img'"},
		{"d.img", "vpc", "qemu-img", "qemu-img convert -O vpc -o force_size=on raw 'a d.img'"},
		{"d.img", "vpc", "qemu-img", "qemu-img convert -O vpc -o subformat=fixed,force_size=on raw 'a d.img'"},
		{"d.img", "vhdx", "qemu-img", "qemu-img convert -O vhdx raw 'a d.img'"},
		{"d.img", "qed", "qemu-img", "qemu-img convert -O qed raw 'a d.img'"},
		{"d.img", "parallels", "qemu-img", "qemu-img convert -O parallels raw 'a d.img'"},
		{"d.img", "vmdk", "qemu-img", "qemu-img convert -O vmdk raw 'a d.img'"},
		{"d.img", "vmdk", "qemu-img", "qemu-img convert -O vmdk -o subformat=streamOptimized raw 'a d.img'"},
		{"d.vmdk", "vmdk", "qemu-img", "qemu-img convert -O vmdk -o subformat=monolithicFlat raw 'a d.vmdk'"},
		{"d.vmdk", "vmdk", "qemu-img", "qemu-img convert -O vmdk -o subformat=twoGbMaxExtentSparse raw 'a d.vmdk'"},
		{"d-s001.vmdk", "VMDK (extent)", "qemu-img", "qemu-img convert -O vmdk -o subformat=twoGbMaxExtentSparse raw 'a d.vmdk'"},
		{"d.dmg", "dmg", "qemu-img", "mv dmg 'a d.dmg'"},
		{"d.img", "cloop", "qemu-img create_compressed_fs", "create_compressed_fs raw 'a d.img'"},
		{"d.img", "bochs", "qemu-img bximage", "bximage -q -func=convert -imgmode=growing raw 'a d.img'"},
		{"d.img", "Bochs", "bximage", "bximage -q -func=convert -imgmode=sparse raw 'a d.img'"},
		{"d.E01", "E01 (EWF)", "ewfacquire ewfexport", `ewfacquire -q -u -t "$PWD/a d" "$PWD/raw"`},
		{"d.E02", "E01 (EWF)", "ewfacquire ewfexport", `dd if=/dev/urandom of=raw bs=2M count=1 conv=notrunc; ewfacquire -q -u -S 1MiB -t "$PWD/a d" "$PWD/raw"`},
		{"d.img", "E01 (EWF)", "ewfacquire ewfexport", `ewfacquire -q -u -t "$PWD/d" "$PWD/raw"; mv d.E01 "a d.img"`},
		{"d.aff", "AFF", "affconvert affcat", "affconvert raw; mv raw.aff 'a d.aff'"},
		{"d.img", "Android sparse", "img2simg simg2img", "img2simg raw 'a d.img'"},
		{"d.img", "partclone", "mkfs.ext2 partclone.ext2 partclone.restore", "mkfs.ext2 -q raw; partclone.ext2 -c -q -s raw -o 'a d.img'"},
		{"d.img", "ntfsclone", "mkfs.ntfs ntfsclone", "truncate -s 0 raw; truncate -s 3M raw; mkfs.ntfs -qFf raw; ntfsclone -s -O 'a d.img' raw"},
		{"d.img", "gzip", "gzip", "gzip -c raw > 'a d.img'"},
		{"d.img", "xz", "xz", "xz -0c raw > 'a d.img'"},
		{"d.img", "lzma", "xz", "xz -c --format=lzma raw > 'a d.img'"},
		{"d.img", "lz4", "lz4", "lz4 -qc raw > 'a d.img'"},
		{"d.img", "zstd", "zstd", "zstd -qc raw > 'a d.img'"},
		{"d.img", "bzip2", "bzip2", "bzip2 -c raw > 'a d.img'"},
	} {
		t.Run(c.format, func(t *testing.T) {
			t.Parallel()
			for _, tool := range strings.Fields(c.tools) {
				testneed.Tool(t, tool)
			}
			dir := t.TempDir()
			disk := image(t, dir, 3<<20)
			require(t, os.Rename(disk, filepath.Join(dir, "raw")))
			disk = filepath.Join(dir, "raw")
			f, err := os.OpenFile(disk, os.O_RDWR, 0)
			require(t, err)
			_, err = f.WriteAt(fill(random(t), 64<<10), 1<<20)
			require(t, err)
			require(t, f.Close())
			data, err := os.ReadFile(disk)
			require(t, err)
			require(t, os.WriteFile(filepath.Join(dir, "dmg"), dmg(data), 0o644))
			run(t, "sh", "-c", "cd '"+dir+"' && { "+c.script+"; } >/dev/null 2>&1")
			path := filepath.Join(dir, "a "+c.name)
			if qemuRow := slices.Contains(qemuFormats, c.format); qemuRow {
				through := open(t, path, target.Options{Mode: target.Read})
				if through.Format() != c.format {
					t.Errorf("it is a %s", through.Format())
				}
				sameBytes(t, through, data)
				return
			}
			_, err = Open(path, target.Options{})
			refused, ok := errors.AsType[*Format](err)
			if !ok || refused.Name != c.format {
				t.Fatalf("%v", err)
			}
			_, command, _ := strings.Cut(refused.Advice, "`")
			command, _, _ = strings.Cut(command, "`")
			run(t, "sh", "-c", "{ "+command+"; } >/dev/null 2>&1")
			out, err := filepath.Glob(filepath.Join(dir, "*.raw"))
			if err != nil || len(out) != 1 {
				t.Fatalf("`%s` made %q, %v", command, out, err)
			}
			want, err := os.ReadFile(disk)
			require(t, err)
			sameBytes(t, open(t, out[0], target.Options{}), want)
		})
	}
}

// dmg returns a DMG of a disk, in one piece that is not compressed. The fields are those that QEMU's block/dmg.c reads, and
// qemu-img must be able to convert it.
func dmg(disk []byte) []byte {
	be := binary.BigEndian
	const sector, raw, end = 512, 1, 0xffffffff
	sectors := uint64(len(disk) / sector)
	mish := make([]byte, 204+2*40)
	copy(mish, "mish")
	be.PutUint32(mish[4:], 1)
	be.PutUint64(mish[16:], sectors)
	be.PutUint32(mish[200:], 2)
	be.PutUint32(mish[204:], raw)
	be.PutUint64(mish[204+16:], sectors)
	be.PutUint64(mish[204+32:], uint64(len(disk)))
	be.PutUint32(mish[244:], end)
	be.PutUint64(mish[244+8:], sectors)
	plist := fmt.Sprintf("<plist><dict><key>resource-fork</key><dict><key>blkx</key><array><dict><key>Data</key>\n<data>\n%s\n</data>"+
		"\n</dict></array></dict></dict></plist>\n", base64.StdEncoding.EncodeToString(mish))
	koly := make([]byte, 512)
	copy(koly, "koly")
	be.PutUint32(koly[4:], 4)
	be.PutUint32(koly[8:], 512)
	be.PutUint64(koly[0x20:], uint64(len(disk)))
	be.PutUint64(koly[0xd8:], uint64(len(disk)))
	be.PutUint64(koly[0xe0:], uint64(len(plist)))
	be.PutUint64(koly[0x1ec:], sectors)
	return append(append(append([]byte{}, disk...), plist...), koly...)
}

// TestExtentsOfVMDK opens the parts of a VMDK, with and without the descriptor that names them.
func TestExtentsOfVMDK(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	for _, c := range []struct {
		subformat, size string
		spoil           string
		file            string
		want            string // part of the error; "" if it can be opened
	}{
		{"monolithicFlat", "1G", "", "d-flat.vmdk", ""}, // it holds the whole disk
		{"twoGbMaxExtentFlat", "1G", "", "d-f001.vmdk", ""},
		{"twoGbMaxExtentFlat", "5G", "", "d-f001.vmdk", "VMDK (extent)"},
		{"twoGbMaxExtentFlat", "5G", "", "d-f003.vmdk", "-O raw DIR/d.vmdk DIR/d.vmdk.raw"},
		{"twoGbMaxExtentFlat", "5G", "sed -i s/d-f003/x-f003/ d.vmdk", "d-f003.vmdk", ""}, // that of another disk
		{"twoGbMaxExtentFlat", "5G", "rm d.vmdk; mkfifo d.vmdk", "d-f003.vmdk", ""},
		{"twoGbMaxExtentSparse", "5G", "", "d-s002.vmdk", "-O raw DIR/d.vmdk DIR/d.vmdk.raw"},
		{"twoGbMaxExtentSparse", "1G", "rm d.vmdk", "d-s001.vmdk", "only DIR/d.vmdk says how the parts belong together"},
		{"twoGbMaxExtentSparse", "1G", "mv d-s001.vmdk s", "s", "only its descriptor says"},
		{"monolithicFlat", "1G", "sed -i '1s/.*/\\n# edited/' d.vmdk", "d.vmdk", ""},
	} {
		dir := t.TempDir()
		run(t, "sh", "-c", fmt.Sprintf("cd %s && qemu-img create -q -f vmdk -o subformat=%s d.vmdk %s\n%s", dir, c.subformat, c.size, c.spoil))
		path := filepath.Join(dir, c.file)
		_, err := Open(path, target.Options{Mode: target.Inspect})
		if want := strings.ReplaceAll(c.want, "DIR", dir); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s of %s, %s: %v", c.file, c.subformat, c.spoil, err)
		}
	}
}
