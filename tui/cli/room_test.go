package cli

import (
	"fmt"
	"math/rand"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// room is a disk, a plan that leaves the moves to shunt, and where the partitions must lie afterwards. Positions are in
// MiB: NUMBER KIND START-END, with ? where it depends on the contents.
type room struct {
	name, disk, plan string
	want             string // "" if the plan is refused
	image            int64  // its size afterwards in MiB, at most where positions depend on the contents; 0 for as it was
	says             string
}

func rooms() []room {
	return []room{
		{"free space behind", "gpt 200: 1 ext4 1-60; 2 ext4 120-180", "room 1 by +40MiB", "1 1-100; 2 120-180", 0, ""},
		{"swap in the way", "mbr 200: 1 ext4 1-60; 2 swap 60-90", "room 1 by +40MiB", "1 1-100; 2 100-130", 0, ""},
		{"swap and home in the way", "gpt 300: 1 ext4 1-60; 2 swap 60-100; 3 ext4 100-200", "room 1 by +40MiB", "1 1-100; 2 200-240; 3 100-200", 0, "Move p2 right by 140 MiB"},
		{"root before home", "gpt 200: 1 ext4 1-60; 2 ext4 60-140", "room 1 by +40MiB", "1 1-100; 2 100-180", 0, ""},
		{"logical partitions", "mbr 300: 1 ext4 1-60; 2 extended 60-200; 5 ext4 60-130; 6 ext4 130-200", "room 5 to 100MiB", "1 1-60; 2 60-231; 5 61-161; 6 162-231", 0, ""},
		{"a primary one before logical ones", "mbr 300: 1 ext4 1-60; 2 extended 60-200; 5 ext4 60-130", "room 1 by +20MiB", "1 1-80; 2 80-200; 5 81-150", 0, ""},
		{"a full disk", "gpt 161: 1 ext4 1-60; 2 ext4 60-160", "room 1 to 2GiB", "1 1-2049; 2 2049-2149", 2150, "Grow image by 1.94 GiB"},
		{"two neighbours", "mbr 300: 1 ext4 1-60; 2 ext4 60-130; 3 ext4 130-200; 4 ext4 260-300", "room 1 by +50MiB", "1 1-110; 2 110-180; 3 180-250; 4 260-300", 0, ""},
		{"an ESP in the way", "gpt 300: 1 ext4 1-60; 2 esp 60-70; 3 ext4 200-260", "room 1 by +30MiB", "1 1-90; 2 90-100; 3 200-260", 0, ""},
		{"immovable behind, free space before", "gpt 300: 1 ext4 100-160; 2 bios 160-161; 3 ext4 161-299", "room 1 by +30MiB", "1 70-160; 2 160-161; 3 161-299", 0, ""},
		{"as much as possible from both sides", "gpt 301: 1 ext4 1-60; 2 ext4 100-160; 3 swap 200-240", "room 2 max", "1 1-60; 2 60-260; 3 260-300", 0, ""},
		{"image to its contents", "mbr 400: 1 esp 1-60; 2 ext4 100-300", "image min", "1 1-?; 2 ?-?", 80, ""},
		{"nothing possible", "gpt 200: 1 iso 1-60; 2 ext4 60-120", "room 1 by +1GiB", "", 0, "cannot make room for p1"},
	}
}

// TestRoom has shunt find the moves on real images and has the results judged by sfdisk, e2fsck, fsck.fat and the
// files' sums.
func TestRoom(t *testing.T) {
	for _, tool := range []string{"sfdisk", "mkfs.ext4", "mkfs.fat", "fsck.fat", "mkswap", "resize2fs"} {
		testneed.Tool(t, tool)
	}
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, r := range rooms() {
		own := rand.New(rand.NewSource(rng.Int63()))
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			tr := r.trial(t, own)
			v := tr.apply(t, people()[0], r.plan)
			if r.want == "" {
				v.want(t, exitRefused, r.says)
				onlyTouched(t, tr.image, v.copy, nil)
				return
			}
			v.want(t, exitDone, r.says)
			r.judge(t, v)
		})
	}
}

// drawnPart is one partition of a drawing.
type drawnPart struct {
	number     int
	kind       string
	start, end int64 // MiB
}

func drawnParts(t *testing.T, text string) (list []drawnPart) {
	t.Helper()
	for _, text := range strings.Split(text, ";") {
		var p drawnPart
		words := strings.Fields(text)
		if len(words) == 2 {
			words = []string{words[0], "", words[1]}
		}
		if _, err := fmt.Sscanf(words[0]+" "+strings.ReplaceAll(words[2], "?", "0"), "%d %d-%d", &p.number, &p.start, &p.end); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		p.kind = words[1]
		list = append(list, p)
	}
	return list
}

// trial makes the image; a logical partition begins 1 MiB behind its boot record, where it is drawn.
func (r room) trial(t *testing.T, rng *rand.Rand) trial {
	t.Helper()
	head, text, _ := strings.Cut(r.disk, ":")
	table, size, _ := strings.Cut(head, " ")
	types := map[string]string{"swap": ",type=swap", "esp": ",type=U", "extended": ",type=5", "bios": ",type=21686148-6449-6E6F-744E-656564454649"}
	label := map[string]string{"gpt": "gpt", "mbr": "dos"}[table]
	script := "label: " + label + "\n"
	if label == "dos" {
		types["esp"] = ",type=ef,bootable"
	}
	parts := drawnParts(t, text)
	for i, p := range parts {
		if label == "dos" && p.number > 4 {
			parts[i].start++
		}
		script += fmt.Sprintf("%d: start=%dMiB,size=%dMiB%s\n", p.number, parts[i].start, p.end-parts[i].start, types[p.kind])
	}
	mibs, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	tr := newTrial(t, mibs, fmt.Sprintf("printf '%s' | sfdisk -q $IMG", strings.ReplaceAll(script, "\n", `\n`)))
	dir := filepath.Dir(tr.image)
	for _, p := range parts {
		switch size := p.end - p.start; p.kind {
		case "ext4":
			tr.ext4(t, rng, p.number, p.start, size)
		case "esp":
			sh(t, dir, fmt.Sprintf("mkfs.fat --offset %d disk.raw %d >/dev/null", p.start*2048, size*1024))
		case "swap":
			sh(t, dir, fmt.Sprintf("truncate -s %dM swap; mkswap -q swap; dd if=swap of=disk.raw bs=1M seek=%d conv=notrunc,sparse status=none; rm swap", size, p.start))
		case "iso":
			sh(t, dir, fmt.Sprintf(`printf '\001CD001\001' | dd of=disk.raw bs=1 seek=%d conv=notrunc status=none`, p.start*mib+32768))
		}
	}
	return tr
}

// judge checks that each partition lies where it must, is what it was, and holds what it held.
func (r room) judge(t *testing.T, v verdict) {
	t.Helper()
	after := v.table(t, v.copy)
	_, text, _ := strings.Cut(r.disk, ":")
	was, places := drawnParts(t, text), map[int]place{}
	for i, want := range drawnParts(t, r.want) {
		got := after.Part(t, want.number)
		at := place{want.start * mib, (want.end - want.start) * mib}
		if want.start == 0 {
			at.start = got.Off
		}
		if want.end == 0 {
			at.size = -1
		}
		places[want.number] = at
		switch was[i].kind {
		case "esp":
			sh(t, t.TempDir(), fmt.Sprintf("dd if='%s' of=fat bs=1M skip=%d count=%d status=none; fsck.fat -n fat", v.copy, got.Off/mib, got.Len/mib))
		case "swap":
			if got := sh(t, ".", fmt.Sprintf("blkid -p -o value -s TYPE -O %d -S %d '%s'", got.Off, got.Len, v.copy)); strings.TrimSpace(got) != "swap" {
				t.Errorf("p%d holds %q", want.number, got)
			}
		}
	}
	v.moved(t, places)
	size := fileSize(t, v.copy)
	if exact := !strings.Contains(r.want, "?"); r.image > 0 && (size > r.image*mib || exact && size != r.image*mib) {
		t.Errorf("the image has %d bytes, want %d MiB", size, r.image)
	}
}

// TestRoomBesideMounted makes room on a loop device whose partition in the middle is in use: that stays where it is, and
// the one before it changes places with the free space behind.
func TestRoomBesideMounted(t *testing.T) {
	testneed.Root(t)
	for _, tool := range []string{"sfdisk", "mkfs.ext4", "resize2fs"} {
		testneed.Tool(t, tool)
	}
	p := people()[0]
	r := room{disk: "gpt 300: 1 ext4 1-60; 2 ext4 60-100; 3 ext4 100-160", want: "1 160-249; 2 60-100; 3 100-160"}
	tr := r.trial(t, rand.New(rand.NewSource(testneed.Seed(t))))
	image := filepath.Join(t.TempDir(), "disk.raw")
	cutOut(t, tr.image, image, 0, fileSize(t, tr.image))
	device := attached(t, p, image)
	at := t.TempDir()
	p.run(t, "mount", "--rw", device, "2", at).want(t, 0, at)
	unmount := func() { p.run(t, "unmount", device, "2").want(t, 0) }
	defer func() { unmount() }()
	p.run(t, "apply", "--yes", device, write(t, "room 3 by +1GiB\n")).want(t, exitRefused,
		"cannot make room for p3", "p2: it is mounted at "+at, "fixed size")
	applied := p.run(t, "apply", "--yes", device, write(t, "room 1 by +30MiB\n"))
	applied.want(t, 0, "Done")
	oracle.SameFiles(t, oracle.Sums(t, at), tr.files[2])
	unmount()
	unmount = func() {}
	r.judge(t, verdict{applied, tr, image})
}
