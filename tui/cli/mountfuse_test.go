package cli

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

var everyMount = flag.Bool("mounts", false, "mount each kind of file system from each format, for each user, by FUSE")

// fuseKinds are the kinds of the partitions of fuseDisk, in order.
var fuseKinds = []string{"ext4", "ntfs", "fat", "exfat", "squashfs"}

// fuseDisk makes disk.raw with a file system of each kind that is mounted with FUSE, and returns the checksums of the files
// in each, as foreign programs read them. The journal of the ext4 waits to be replayed.
func fuseDisk(t testing.TB, dir string) (sums []map[string]string) {
	t.Helper()
	testneed.File(t, "/dev/fuse")
	for _, name := range []string{"fusermount3", "fuse2fs", "ntfs-3g", "squashfuse", "mkfs.ext4", "mkntfs", "mcopy", "mksquashfs", "grub-fstest", "xz", "sfdisk", "debugfs"} {
		testneed.Tool(t, name)
	}
	sh(t, dir, `mkdir -p tree/Dir/sub; head -c 700000 /dev/urandom >tree/Dir/data; seq 1 20000 >'tree/Ein langer Name, ü.txt'; echo 1 >tree/lower.txt
		echo 2 >tree/UPPER.TXT; echo 3 >tree/Mixed.txt; : >tree/Dir/sub/empty; chmod 600 tree/lower.txt
		truncate -s 120M disk.raw; printf 'label: gpt\nsize=10M\nsize=10M\nsize=10M\nsize=64M\nsize=4M\n' | sfdisk -q disk.raw
		part() { dd if=$1 of=disk.raw bs=1M seek=$2 conv=notrunc,sparse status=none; }
		truncate -s 10M ext; mkfs.ext4 -q -F -d tree ext; debugfs -w -R 'feature needs_recovery' ext 2>/dev/null >&2; part ext 1
		truncate -s 10M ntfs; mkntfs -q -Q -F -H 255 -S 63 -p 2048 ntfs; mkdir ntfsfiles
		for f in Dir/data 'Ein langer Name, ü.txt' lower.txt; do LC_ALL=C.UTF-8 ntfscp -f ntfs "tree/$f" "${f#Dir/}"; cp "tree/$f" ntfsfiles; done; part ntfs 11
		truncate -s 10M fat; mkfs.fat -F 16 -h 43008 fat >/dev/null; LC_ALL=C.UTF-8 mcopy -s -i fat tree/* ::; part fat 21
		mkdir fatfiles squashfiles; LC_ALL=C.UTF-8 mcopy -s -i fat '::*' fatfiles
		mksquashfs tree squash -quiet -no-progress >&2; part squash 95; unsquashfs -q -n -f -d squashfiles squash >&2; rm ext ntfs fat squash`)
	exfat, err := filepath.Abs("testdata/filled/exfat.xz")
	if err != nil {
		t.Fatal(err)
	}
	sh(t, dir, fmt.Sprintf("xz -dc '%s' | cp --sparse=always /dev/stdin exfat; dd if=exfat of=disk.raw bs=1M seek=31 conv=notrunc,sparse status=none", exfat))
	for _, name := range []string{"tree", "ntfsfiles", "fatfiles", "", "squashfiles"} {
		if name == "" {
			sums = append(sums, filesByGRUB(t, filepath.Join(dir, "exfat")))
			continue
		}
		sums = append(sums, oracle.Sums(t, filepath.Join(dir, name)))
	}
	sh(t, dir, "rm -r exfat ntfsfiles fatfiles squashfiles; chmod a+rw disk.raw")
	return sums
}

// command is any command, run by the person.
func (p person) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	if p.uid >= 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(p.uid), Gid: uint32(p.uid)}}
	}
	return cmd
}

// sums are the checksums of all files in a directory, as the person can read them.
func (p person) sums(t testing.TB, dir string) map[string]string {
	t.Helper()
	cmd := p.command("sh", "-c", `cd "$0" && find . -name lost+found -prune -o -type f -exec sha256sum {} +`, dir)
	got := finish(t, cmd)
	if got.code != 0 {
		t.Errorf("%s cannot be read: %s", dir, got.err)
	}
	files := map[string]string{}
	for line := range strings.Lines(got.out) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		files[strings.TrimPrefix(name, "./")] = sum
	}
	return files
}

// serving lists the processes that show files of an image, and what keeps it mounted.
func serving(t testing.TB, image string) (list []int) {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, proc := range procs {
		line, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		argv := strings.Split(string(line), "\x00")
		if len(argv) > 1 && (argv[0] == "shunt-mount" || argv[0] == "shunt-worker") && strings.HasPrefix(argv[1], image) {
			pid, _ := strconv.Atoi(filepath.Base(proc))
			list = append(list, pid)
		}
	}
	return list
}

// nothingLeft fails if a mount of the image, its directory or one of its processes is there.
func nothingLeft(t *testing.T, image, at string) {
	t.Helper()
	eventually(t, "the processes to end", func() bool { return len(serving(t, image)) == 0 })
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil || strings.Contains(string(mounts), image+":") {
		t.Errorf("left behind: %s, %v", mounts, err)
	}
	if at != "" && exists(at) {
		t.Errorf("%s was left", at)
	}
}

// TestMountByFUSE mounts each kind of file system from images of several formats, and reads all files.
func TestMountByFUSE(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	source := t.TempDir()
	want := fuseDisk(t, source)
	short := map[string]map[string][]string{
		"self":   {"qcow2": {"fat"}},
		"nobody": {"raw": {"ext4", "ntfs", "fat", "exfat", "squashfs"}, "qcow2": {"ext4", "exfat"}, "vdi": {"ntfs", "fat"}},
	}
	for _, format := range []string{"raw", "qcow2", "vdi"} {
		sh(t, source, fmt.Sprintf("[ -e disk.%[1]s ] || qemu-img convert -O %[1]s disk.raw disk.%[1]s", format))
		for _, p := range people() {
			kinds := short[p.name][format]
			if os.Geteuid() != 0 {
				kinds = short["nobody"][format]
			}
			if *everyMount && !(p.uid < 0 && format == "raw") {
				kinds = fuseKinds
			}
			if len(kinds) == 0 {
				continue
			}
			dir := p.dir(t)
			image := filepath.Join(dir, "disk."+format)
			sh(t, dir, fmt.Sprintf("cp --sparse=always '%s/disk.%s' .; chmod 444 disk.*", source, format))
			sum := digest(t, image)
			for _, kind := range kinds {
				t.Run(p.name+"/"+format+"/"+kind, func(t *testing.T) {
					i := slices.Index(fuseKinds, kind)
					number := strconv.Itoa(i + 1)
					out := p.run(t, "mount", image, number)
					out.want(t, 0, "read-only")
					at := strings.TrimSpace(out.out)
					t.Cleanup(func() { _ = exec.Command("umount", "-l", at).Run() })
					oracle.SameFiles(t, p.sums(t, at), want[i])
					if got := finish(t, p.command("touch", filepath.Join(at, "new"))); got.code == 0 {
						t.Error("it can be written to")
					}
					p.run(t, "unmount", image, number).want(t, 0, "Unmounted p"+number)
					nothingLeft(t, image, at)
				})
			}
			if digest(t, image) != sum {
				t.Errorf("%s changed", image)
			}
		}
	}
}

// user is the person who runs the tests of mounts that need no root.
func user() person {
	list := people()
	return list[len(list)-1]
}

// smallExt makes an image without a table, with an ext4 with one file, that belongs to the person.
func (p person) smallExt(t testing.TB) (image string) {
	t.Helper()
	testneed.File(t, "/dev/fuse")
	for _, name := range []string{"fusermount3", "fuse2fs", "mkfs.ext4"} {
		testneed.Tool(t, name)
	}
	dir := p.dir(t)
	sh(t, dir, "mkdir tree; echo inside >tree/file; truncate -s 4M 'a, b:1.raw'; mkfs.ext4 -q -F -d tree 'a, b:1.raw'")
	image = filepath.Join(dir, "a, b:1.raw")
	p.own(t, image)
	return image
}

// TestMountedByFUSE tries what can be done with an image while it is mounted.
func TestMountedByFUSE(t *testing.T) {
	p := user()
	image := p.smallExt(t)
	dir := p.dir(t)
	p.run(t, "mount", image, "0", dir).want(t, 0, dir)
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	p.run(t, "mount", image, "0").want(t, exitRefused, "is mounted at "+dir+" already")
	p.run(t, "apply", "--yes", image, write(t, "check 0\n")).want(t, exitRefused, "mounted at "+dir, "shunt unmount", "' 0`", "(pid ")
	p.run(t, "ls", image, "0").want(t, 0, "file")
	inside := p.command("sleep", "60")
	inside.Dir = "/"
	inside.Args, inside.Path = []string{"sh", "-c", `cd "$0" && echo there && exec sleep 60`, dir}, testneed.Tool(t, "sh")
	said, err := inside.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := inside.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	p.run(t, "unmount", image, dir).want(t, exitRefused, "stays mounted at "+dir, fmt.Sprintf("(pid %d)", inside.Process.Pid))
	_ = inside.Process.Kill()
	_ = inside.Wait()
	// The file is found under its new name.
	renamed := image + " new"
	if err := os.Rename(image, renamed); err != nil {
		t.Fatal(err)
	}
	p.run(t, "unmount", renamed, "0").want(t, 0)
	nothingLeft(t, image, "")
	p.run(t, "unmount", renamed, "0").want(t, exitRefused, "is not mounted")
	// Others unmount as well.
	out := p.run(t, "mount", renamed, "0")
	out.want(t, 0)
	at := strings.TrimSpace(out.out)
	unmount := p.command("fusermount3", "-u", at)
	if os.Geteuid() == 0 {
		unmount = exec.Command("umount", at)
	}
	if got := finish(t, unmount); got.code != 0 {
		t.Fatal(got.err)
	}
	nothingLeft(t, renamed, at)
}

// TestMountByRootWithoutDriver mounts by FUSE what the kernel does not know, also from a loop device.
func TestMountByRootWithoutDriver(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/fuse")
	testneed.File(t, "/dev/loop-control")
	testneed.Tool(t, "mcopy")
	if exec.Command("modprobe", "vfat").Run() == nil {
		return // this kernel mounts it itself
	}
	if known, err := os.ReadFile("/proc/filesystems"); err != nil || strings.Contains(string(known), "vfat") {
		return
	}
	p, dir := people()[0], t.TempDir()
	sh(t, dir, "echo inside >'A name.txt'; truncate -s 4M fat; mkfs.fat fat >/dev/null; mcopy -i fat 'A name.txt' ::; chmod 755 .")
	image := filepath.Join(dir, "fat")
	for _, asDevice := range []bool{false, true} {
		where := image
		if asDevice {
			where = attached(t, p, image)
		}
		out := p.run(t, "mount", image, "0")
		out.want(t, 0)
		at := strings.TrimSpace(out.out)
		t.Cleanup(func() { _ = exec.Command("umount", "-l", at).Run() })
		if got := finish(t, user().command("cat", filepath.Join(at, "A name.txt"))); got.out != "inside\n" {
			t.Errorf("%q, %s", got.out, got.err)
		}
		p.run(t, "mount", image, "0", "--rw").want(t, exitRefused)
		p.run(t, "unmount", image, "0").want(t, 0)
		nothingLeft(t, where, at)
	}
	detached(t, p, image)
	p.run(t, "mount", image, "0", "--rw").want(t, exitRefused, "without the kernel's driver fat12 can only be read")
}

// TestMountKilled kills the processes of a mount, one or all. What is left still serves, or the mount goes away.
func TestMountKilled(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	p := user()
	raw := p.smallExt(t)
	dir := filepath.Dir(raw)
	sh(t, dir, "qemu-img convert -O qcow2 './a, b:1.raw' disk.qcow2; chmod a+r disk.qcow2")
	image := filepath.Join(dir, "disk.qcow2")
	for _, title := range []string{"shunt-mount", "shunt-worker", "fuse2fs", ""} {
		t.Run("killed: "+title, func(t *testing.T) {
			out := p.run(t, "mount", image, "0")
			out.want(t, 0)
			at := strings.TrimSpace(out.out)
			t.Cleanup(func() { _ = exec.Command("umount", "-l", at).Run() })
			for _, pid := range mountProcesses(t, image, title) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			switch title {
			case "shunt-worker":
				if got := finish(t, p.command("cat", filepath.Join(at, "file"))); got.out != "inside\n" {
					t.Errorf("%q, %s", got.out, got.err)
				}
				p.run(t, "unmount", image, "0").want(t, 0)
			case "":
				p.run(t, "mount", image, "0").want(t, 0, at) // it clears what is left
				p.run(t, "unmount", image, "0").want(t, 0)
			}
			nothingLeft(t, image, at)
		})
	}
}

// mountProcesses are the processes of a mount with this title, or all.
func mountProcesses(t *testing.T, image, title string) (list []int) {
	t.Helper()
	for _, pid := range serving(t, image) {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		argv0, _, _ := strings.Cut(string(line), "\x00")
		if title == "" || argv0 == title {
			list = append(list, pid)
		}
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		all, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, file := range all {
			text, _ := os.ReadFile(file)
			children = append(children, text...)
		}
		for _, child := range strings.Fields(string(children)) {
			if id, err := strconv.Atoi(child); err == nil && (title == "fuse2fs" || title == "") {
				list = append(list, id)
			}
		}
	}
	if len(list) == 0 {
		t.Fatalf("no process of %s is there", title)
	}
	return list
}

// TestMountWrites writes into images through programs, and has foreign ones judge.
func TestMountWrites(t *testing.T) {
	p := user()
	source := t.TempDir()
	fuseDisk(t, source)
	dir := p.dir(t)
	sh(t, dir, fmt.Sprintf("cp --sparse=always '%s/disk.raw' .; qemu-img convert -O qcow2 disk.raw disk.qcow2; chmod a+rw disk.*", source))
	image := filepath.Join(dir, "disk.raw")
	p.run(t, "mount", "--rw", image, "1").want(t, exitRefused, "its journal has to be replayed first")
	sh(t, dir, "debugfs -w -R 'feature -needs_recovery' 'disk.raw?offset=1048576' >&2")
	for number, check := range map[string]string{
		"1": "dd if=disk.raw of=p bs=1M skip=1 count=10 status=none; e2fsck -fn p; debugfs -R 'dump /new got' p; cmp got want",
		"2": "dd if=disk.raw of=p bs=1M skip=11 count=10 status=none; ntfsfix -n p; ntfscat p new >got; cmp got want",
	} {
		out := p.run(t, "mount", "--rw", image, number)
		out.want(t, 0, "reading and writing")
		at := strings.TrimSpace(out.out)
		t.Cleanup(func() { _ = exec.Command("umount", "-l", at).Run() })
		if got := finish(t, p.command("sh", "-c", `seq 1 50000 >"$0/new"`, at)); got.code != 0 {
			t.Error(got.err)
		}
		p.run(t, "mount", image, "3").want(t, exitRefused, "in use by shunt", "mounted at "+at)
		p.run(t, "unmount", image, number).want(t, 0)
		nothingLeft(t, image, at)
		sh(t, dir, "seq 1 50000 >want; "+check)
	}
	for _, r := range []struct{ image, number, says string }{
		{"disk.raw", "3", "can only be read: mount it read-only"},
		{"disk.raw", "5", "squashfs can only be read"},
		{"disk.qcow2", "1", "make a raw image of it"},
	} {
		p.run(t, "mount", "--rw", filepath.Join(dir, r.image), r.number).want(t, exitRefused, r.says)
	}
	nothingLeft(t, dir, "")
}

// TestMountMissing says what is missing, before anything is mounted.
func TestMountMissing(t *testing.T) {
	testneed.Root(t)
	source := t.TempDir()
	fuseDisk(t, source)
	dir := user().dir(t)
	sh(t, dir, fmt.Sprintf("cp --sparse=always '%s/disk.raw' .; chmod a+rw disk.raw", source))
	image := filepath.Join(dir, "disk.raw")
	stranger := person{name: "stranger", uid: 54321}
	for number, want := range map[string]string{"1": "fusermount3", "2": "apt install ntfs-3g", "3": "apt install fuse3", "5": "apt install squashfuse"} {
		cmd := user().program(t, "mount", image, number)
		cmd.Env = append(cmd.Env, "PATH=/nonexistent")
		finish(t, cmd).want(t, exitRefused, "cannot be mounted", want)
	}
	stranger.run(t, "mount", image, "3").want(t, exitRefused, "user 54321", "has no name")
	user().run(t, "mount", image, "1", "/etc").want(t, exitRefused, "/etc")
	nothingLeft(t, image, "")
}

// TestMountLost mounts what no table lists, by its name in the list of rescue and by its place: the kernel for root, programs for
// others. It is read-only, and unmounted by either name or by its directory.
func TestMountLost(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "mcopy")
	source := oracle.Image(t, 40, `mkdir tree; echo words >tree/file; mkfs.ext4 -q -F -d tree -E offset=1048576 "$IMG" 8M
truncate -s 8M fat; mkfs.fat -F 16 -s 1 fat >/dev/null; mcopy -i fat tree/file ::; dd if=fat of="$IMG" bs=1M seek=20 conv=notrunc,sparse status=none`)
	for _, p := range people() {
		image := filepath.Join(p.dir(t), "disk.raw")
		sh(t, ".", "cp --sparse=always '"+source+"' '"+image+"'")
		p.own(t, image)
		sum := sh(t, ".", "sha256sum <'"+image+"'")
		for _, c := range []struct{ mount, unmount, says string }{
			{"lost1", "@1MiB", "@2048s`"},
			{"@40960s", "lost2", "@40960s"},
			{"lost2", "", "@40960s"},
		} {
			o := p.run(t, "mount", image, c.mount)
			o.want(t, exitDone, c.says)
			dir := strings.TrimSpace(o.out)
			if got := p.sums(t, dir); len(got) != 1 || got["file"] == "" {
				t.Errorf("%s, %s: the files are %v", p.name, c.mount, got)
			}
			p.run(t, "apply", "--yes", image, "table", "new", "gpt").want(t, exitRefused, "in use")
			p.run(t, "unmount", image, cmp.Or(c.unmount, dir)).want(t, exitDone, dir)
			nothingLeft(t, image, dir)
		}
		p.run(t, "mount", "--rw", image, "lost1").want(t, exitRefused, "put it back into the table first")
		p.run(t, "mount", image, "lost9").want(t, exitRefused, "there is no lost9")
		p.run(t, "mount", image, "@3MiB").want(t, exitRefused, "no file system begins at sector 6,144")
		if now := sh(t, ".", "sha256sum <'"+image+"'"); now != sum {
			t.Errorf("%s: the image was changed", p.name)
		}
	}
}
