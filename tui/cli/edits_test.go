package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// edit is a plan on an image, and what sfdisk must say of the result: the dump before with some words replaced.
type edit struct {
	name, image, plan string
	replace           []string // old and new words of the dump, in turn; "*" at the end of an old one stands for the rest of the line
	sniff             string   // what a script must print on the result, "" for nothing
	script            string
	stays             [][2]int64 // bytes [from, to) that must be as they were
}

const (
	gptImage = `printf 'label: gpt\nlabel-id: 11111111-2222-4333-8444-555555555555\n` +
		`start=2048,size=20M,type=U,name=efi,uuid=AAAAAAAA-0000-4000-8000-000000000001\n` +
		`start=43008,size=20M,name=root,attrs="GUID:59",uuid=AAAAAAAA-0000-4000-8000-000000000002\n' | sfdisk -q disk.raw; ` +
		`dd if=/dev/urandom of=disk.raw bs=440 count=1 conv=notrunc status=none; ` +
		`mkfs.fat -F 16 --offset 2048 disk.raw 20480 >/dev/null; mkfs.ext4 -q -F -U 99999999-0000-4000-8000-000000000009 -E offset=22020096,nodiscard disk.raw 20M`
	mbrImage = `printf 'label: dos\nlabel-id: 0xdeadbeef\nstart=2048,size=20M,bootable\nstart=63488,size=60M,type=f\nstart=65536,size=10M\nstart=96256,size=10M,type=82\n' | sfdisk -q disk.raw; ` +
		`dd if=/dev/urandom of=disk.raw bs=440 count=1 conv=notrunc status=none; ` +
		`mkfs.ext4 -q -F -E offset=1048576,nodiscard disk.raw 20M; mkfs.ext4 -q -F -E offset=33554432,nodiscard disk.raw 10M`
)

func edits() []edit {
	const mib = 1 << 20
	linux, swap := "type=0FC63DAF-8483-4772-8E79-3D69D8477DE4", "type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"
	p1, p2 := [2]int64{1 * mib, 21 * mib}, [2]int64{21 * mib, 41 * mib}
	boot := [2]int64{0, 440}
	return []edit{
		{"format", gptImage, "format 2 fs=ext2 label=new", nil, "new ext2", "blkid -p -o value -s LABEL -s TYPE -O 22020096 -S 20971520 disk.raw | xargs", [][2]int64{boot, p1}},
		{"format as something else", gptImage, "format 2 fs=swap", []string{linux + `, uuid=AAAAAAAA-0000-4000-8000-000000000002`, swap + `, uuid=AAAAAAAA-0000-4000-8000-000000000002`}, "swap", "blkid -p -o value -s TYPE -O 22020096 -S 20971520 disk.raw", [][2]int64{boot, p1}},
		{"an ESP stays one", gptImage, "format 1 fs=fat16 label=efi", nil, "EFI vfat", "blkid -p -o value -s LABEL -s TYPE -O 1048576 -S 20971520 disk.raw | xargs", [][2]int64{boot, p2}},
		{"label ext4", gptImage, "label 2 \"new one\"", nil, "new one ext4", "blkid -p -o value -s LABEL -s TYPE -O 22020096 -S 20971520 disk.raw | xargs; e2fsck -fn 'disk.raw?offset=22020096' >/dev/null 2>&1", [][2]int64{boot, p1}},
		{"label FAT", gptImage, "label 1 efi", nil, "EFI vfat", "blkid -p -o value -s LABEL -s TYPE -O 1048576 -S 20971520 disk.raw | xargs", [][2]int64{boot, p2}},
		{"a new UUID", gptImage, "uuid 2 new", nil, "another", "e2fsck -fn 'disk.raw?offset=22020096' >/dev/null 2>&1; " +
			"test \"$(blkid -p -o value -s UUID -O 22020096 -S 20971520 disk.raw)\" != 99999999-0000-4000-8000-000000000009 && echo another", [][2]int64{boot, p1}},
		{"copy and grow", gptImage, "copy 2 at 64MiB size=40MiB\nuuid 3 new", []string{
			"\n\n", "\n\n", `attrs="GUID:59"` + "\n", `attrs="GUID:59"` + "\ndisk.raw3 : start=      131072, size=       81920, " + linux + "\n",
		}, "40960 clean", "e2fsck -fn 'disk.raw?offset=67108864' >/dev/null 2>&1; " +
			"dumpe2fs -h 'disk.raw?offset=67108864' 2>/dev/null | awk '/^Block count/ {print $3} /^Filesystem state/ {print $3}' | sort | xargs", [][2]int64{boot, p1, p2}},
		{
			"copy over another", gptImage, "copy 1 over 2",
			[]string{linux, "type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"},
			"vfat",
			"dd if=disk.raw of=fat bs=1M skip=21 count=20 status=none; fsck.fat -n fat >/dev/null; blkid -p -o value -s TYPE -O 22020096 -S 20971520 disk.raw",
			[][2]int64{boot, p1},
		},
		{"clear", gptImage, "format 2 cleared", nil, "", "blkid -p -O 22020096 -S 20971520 disk.raw || true", [][2]int64{boot, p1}},
		{"name, type and flags", gptImage, "name 1 \"Ünï\"\ntype 2 home\nflag 2 legacy_boot on\nflag 1 required on", []string{
			`name="efi"`, `name="\xc3\x9cn\xc3\xaf", attrs="RequiredPartition"`, linux, "type=933AC7E1-2EB4-4F13-B844-0E14E2AEF915", `attrs="GUID:59"`, `attrs="LegacyBIOSBootable GUID:59"`,
		}, "", "", [][2]int64{boot, p1, p2}},
		{"MBR flags", mbrImage, "flag 1 boot off\ntype 5 0x8e\nflag 2 lba off\nflag 6 raid on", []string{
			"type=83, bootable", "type=83", "type=f", "type=5", "disk.raw5 : start=       65536, size=       20480, type=83", "disk.raw5 : start=       65536, size=       20480, type=8e", "type=82", "type=fd",
		}, "", "", [][2]int64{boot, p1, {32 * mib, 42 * mib}, {47 * mib, 57 * mib}}},
		{"the extended one at both ends", mbrImage, "move 2 left 10MiB and resize to 80MiB", []string{
			"start=       63488, size=      122880", "start=       43008, size=      163840",
		}, "", "", [][2]int64{boot, p1, {32 * mib, 42 * mib}, {47 * mib, 57 * mib}}},
		{"to GPT", mbrImage, "table gpt", []string{
			"label: dos", "label: gpt", "label-id: *", "", "unit: *", "unit: sectors\nfirst-lba: 34\nlast-lba: 262110", "disk.raw2 *", "",
			"type=83, bootable", linux + `, attrs="LegacyBIOSBootable"`, "type=83", linux, "type=82", swap,
		}, "No problems found", "sgdisk -v disk.raw | grep -o 'No problems found'", [][2]int64{boot, p1, {32 * mib, 42 * mib}, {47 * mib, 57 * mib}}},
		{"a new GPT", mbrImage, "table new gpt\nnew 20MiB at 1MiB name=x", []string{
			"label: dos", "label: gpt", "label-id: *", "", "unit: *", "unit: sectors\nfirst-lba: 34\nlast-lba: 262110", "disk.raw2 *", "", "disk.raw5 *", "", "disk.raw6 *", "",
			"type=83, bootable", linux + `, name="x"`,
		}, "PMBR gpt gpt", "wipefs -n disk.raw | awk 'NR>1 {print $3}' | sort | xargs", [][2]int64{boot}},
		{"a new MBR", gptImage, "table new mbr\nnew 20MiB at 1MiB", []string{
			"label: gpt", "label: dos", "label-id: *", "", "first-lba: *", "", "last-lba: *", "", "disk.raw2 *", "",
			`type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=AAAAAAAA-0000-4000-8000-000000000001, name="efi"`, "type=83",
		}, "dos", "wipefs -n disk.raw | awk 'NR>1 {print $3}' | sort | xargs", [][2]int64{boot, p2}},
		{"an MBR on a file system", "mkfs.ext4 -q -F disk.raw", "table new mbr", []string{"*", "label: dos\ndevice: disk.raw\nunit: sectors\nsector-size: 512"}, "dos", "wipefs -n disk.raw | awk 'NR>1 {print $3}' | xargs", nil},
	}
}

// TestEdits has each edit that is not a move judged by sfdisk, sgdisk, blkid and wipefs.
func TestEdits(t *testing.T) {
	for _, name := range []string{"sfdisk", "sgdisk", "wipefs", "blkid", "mkfs.ext4", "mkfs.fat"} {
		testneed.Tool(t, name)
	}
	for _, e := range edits() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, 128, e.image)
			v := tr.apply(t, people()[0], e.plan)
			v.want(t, exitDone, "Done")
			before, dir := filepath.Dir(tr.image), filepath.Dir(v.copy)
			if got, want := judged(e, dumped(t, dir)), judged(e, replaced(dumped(t, before), e.replace)); got != want {
				t.Errorf("the table is\n%s\nwant\n%s", got, want)
			}
			if e.script != "" {
				if got := strings.TrimSpace(sh(t, dir, e.script)); got != e.sniff {
					t.Errorf("%s: %q, want %q", e.script, got, e.sniff)
				}
			}
			for _, r := range e.stays {
				if n := r[1] - r[0]; !bytes.Equal(rangeOf(t, tr.image, r[0], n), rangeOf(t, v.copy, r[0], n)) {
					t.Errorf("bytes %v changed", r)
				}
			}
		})
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dumped is what sfdisk says of disk.raw, "" if it finds no table.
func dumped(t *testing.T, dir string) string {
	t.Helper()
	return sh(t, dir, "sfdisk -d disk.raw 2>/dev/null || true")
}

// replaced puts words into a dump in the place of others.
func replaced(dump string, words []string) string {
	for i := 0; i < len(words); i += 2 {
		head, line := strings.CutSuffix(words[i], "*")
		if !line {
			dump = strings.ReplaceAll(dump, words[i], words[i+1])
			continue
		}
		var lines []string
		for l := range strings.Lines(dump) {
			if strings.HasPrefix(l, head) {
				l = words[i+1] + "\n"
			}
			lines = append(lines, l)
		}
		dump = strings.Join(lines, "")
		if dump == "" {
			dump = words[i+1]
		}
	}
	return dump
}

// judged is a dump without empty lines and, where the table is a new one, without the identities that are drawn for it.
func judged(e edit, dump string) string {
	var lines []string
	for line := range strings.Lines(dump) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(e.plan, "copy") && strings.HasPrefix(line, "disk.raw3") {
			line, _, _ = strings.Cut(line, ", uuid=")
		}
		if strings.HasPrefix(e.plan, "table") {
			if strings.HasPrefix(line, "label-id:") {
				continue
			}
			if at := strings.Index(line, ", uuid="); at >= 0 {
				line = line[:at] + line[at+len(", uuid=")+36:]
			}
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
