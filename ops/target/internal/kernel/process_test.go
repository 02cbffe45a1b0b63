package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tree is a made-up system: files by their paths below its directory; "->" in front of a text makes it a link.
func tree(t *testing.T, files map[string]string) Kernel {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, strings.ReplaceAll(name, "SELF", strconv.Itoa(os.Getpid())))
		require(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if to, link := strings.CutPrefix(text, "->"); link {
			require(t, os.Symlink(to, path))
			continue
		}
		require(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return Kernel{proc: filepath.Join(dir, "proc"), sys: filepath.Join(dir, "sys"), dev: filepath.Join(dir, "dev")}
}

// identify is the FileID of a file that this process does not hold open.
func identify(t *testing.T, path string) FileID {
	t.Helper()
	var st unix.Stat_t
	require(t, unix.Stat(path, &st))
	return FileID{Dev: st.Dev, Inode: st.Ino, FD: -1, Shown: st.Ino}
}

func TestOpeners(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	other := image(t, t.TempDir(), 4096)
	id := identify(t, path)
	ino := fmt.Sprintf("ino:\t%d\n", id.Inode)
	process := func(name, target, info string) map[string]string {
		return map[string]string{"comm": name + "\n", "fd/7": "->" + target, "fdinfo/7": "pos:\t0\n" + info}
	}
	for _, c := range []struct {
		name      string
		processes map[int]map[string]string
		locks     string
		locker    string // holder named when there is a lock
		user      string // holder named when there is none
	}{
		{name: "nobody", locker: "another program"},
		{
			name:      "another file",
			processes: map[int]map[string]string{11: process("cat", other, "flags:\t0100002\nino:\t1\n")},
			locker:    "another program",
		},
		{
			name:      "a reader",
			processes: map[int]map[string]string{11: process("less", path, "flags:\t0100000\n"+ino)},
			locker:    "less (pid 11)",
		},
		{
			name:      "a writer, on a kernel that tells no inode",
			processes: map[int]map[string]string{11: process("dd", path, "flags:\t0100001\n")},
			locker:    "dd (pid 11)", user: "dd (pid 11)",
		},
		{
			name:      "a path descriptor",
			processes: map[int]map[string]string{11: process("systemd", path, "flags:\t010000002\n"+ino)},
			locker:    "systemd (pid 11)",
		},
		{
			name: "the one with the lock comes first",
			processes: map[int]map[string]string{
				11: process("less", path, "flags:\t0100000\n"+ino),
				12: process("dd", path, "flags:\t0100002\n"+ino),
				13: process("qemu-io", path, "flags:\t0100000\n"+ino+"lock:\t1: OFDLCK  ADVISORY  READ -1 fe:00:5 100 100\n"),
			},
			locker: "qemu-io (pid 13)", user: "dd (pid 12)",
		},
		{
			name: "a virtual machine",
			processes: map[int]map[string]string{11: {
				"comm": "qemu-system-x86\n", "cmdline": "/usr/bin/qemu-system-x86_64\x00-m\x001G\x00",
				"fd/7": "->" + path, "fdinfo/7": "flags:\t0100002\n" + ino + "lock:\t1: OFDLCK\n",
			}},
			locker: "a virtual machine, qemu-system-x86_64 (pid 11)", user: "a virtual machine, qemu-system-x86_64 (pid 11)",
		},
		{
			name: "a virtual machine with a name that reads",
			processes: map[int]map[string]string{11: {
				"comm": "qemu-system-x86\n", "cmdline": "/usr/bin/qemu-system-x86_64\x00-name\x00guest=my web,debug-threads=on\x00-m\x001G\x00",
				"fd/7": "->" + path, "fdinfo/7": "flags:\t0100000\n" + ino + "lock:\t1: OFDLCK\n",
			}},
			locker: "the virtual machine 'my web', qemu-system-x86_64 (pid 11)",
		},
		{
			name: "the daemon of another shunt",
			processes: map[int]map[string]string{
				11: {
					"comm": "qemu-storage-da\n", "cmdline": "qemu-storage-daemon\x00", "stat": "11 (a) b) S 12 11 11",
					"fd/7": "->" + path, "fdinfo/7": "flags:\t0100002\n" + ino,
				},
				12: {"comm": "shunt\n"},
			},
			locker: "another shunt (pid 12)", user: "another shunt (pid 12)",
		},
		{
			name: "a daemon that a person has started",
			processes: map[int]map[string]string{
				11: {
					"comm": "qemu-storage-da\n", "cmdline": "qemu-storage-daemon\x00", "stat": "11 (qemu-storage-da) S 12 11 11",
					"fd/7": "->" + path, "fdinfo/7": "flags:\t0100002\n" + ino,
				},
				12: {"comm": "bash\n"},
			},
			locker: "qemu-storage-daemon (pid 11)", user: "qemu-storage-daemon (pid 11)",
		},
		{
			name:      "another user's shunt, told by the list of locks only",
			processes: map[int]map[string]string{11: {"comm": "shunt\n"}},
			locks: fmt.Sprintf("1: OFDLCK ADVISORY  READ -1 %[1]s 100 100\n2: FLOCK  ADVISORY  WRITE 12 %[1]s 0 EOF\n"+
				"3: FLOCK  ADVISORY  WRITE 11 00:00:1 0 EOF\n4: FLOCK  ADVISORY  WRITE 11 %[1]s 0 EOF\n",
				fmt.Sprintf("%02x:%02x:%d", unix.Major(id.Dev), unix.Minor(id.Dev), id.Inode)),
			locker: "another shunt (pid 11)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"proc/locks": c.locks, "proc/self/comm": "x\n", "proc/meminfo": ""}
			for pid, of := range c.processes {
				for name, text := range of {
					files[fmt.Sprintf("proc/%d/%s", pid, name)] = text
				}
			}
			k := tree(t, files)
			if use := k.Locker("a.raw", id); !strings.HasPrefix(use.Holder, c.locker) || use.Path != "a.raw" || use.Advice == "" {
				t.Errorf("locker: got %+v, want %q", use, c.locker)
			}
			use := k.User("a.raw", id, Wholly, ", and open it again")
			if (use == nil) != (c.user == "") || (use != nil && use.Holder != c.user) {
				t.Errorf("user: got %+v, want %q", use, c.user)
			}
		})
	}
}

func TestSwapFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with space")
	require(t, os.Mkdir(dir, 0o755))
	path := image(t, dir, 4096)
	k := tree(t, map[string]string{
		"proc/swaps": "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n" + strings.ReplaceAll(path, " ", `\040`) + " file 1 0 -3\n",
	})
	use := k.User("a.raw", identify(t, path), Wholly, " first")
	if use == nil || !strings.Contains(use.Holder, "swap") || !strings.Contains(use.Advice, "swapoff '"+path+"'") {
		t.Errorf("got %+v", use)
	}
}

// TestLoopFits finds out about loop devices of others without opening them, where that is certain.
func TestLoopFits(t *testing.T) {
	file := image(t, t.TempDir(), 10*512+100)
	for _, c := range []struct {
		name, offset, limit, sectors string
		want                         bool
	}{
		{file, "0", "0", "10", true},
		{file, "512", "0", "9", true},
		{file, "512", "1024", "2", true},
		{file, "0", "1048576", "10", true},
		{file, "0", "0", "11", false},
		{file, "1024", "0", "10", false},
		{file, "", "0", "10", false},
		{file, "0", "0", "0", false},
		{file + " (deleted)", "0", "0", "10", false},
		{filepath.Dir(file), "0", "0", "10", false},
		{"image", "0", "0", "10", false},
	} {
		k := tree(t, map[string]string{
			"sys/block/loop1/loop/offset": c.offset + "\n", "sys/block/loop1/loop/sizelimit": c.limit + "\n", "sys/block/loop1/size": c.sectors + "\n",
		})
		if got := k.block("loop1").fits(c.name); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestLoopUses(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	id := identify(t, path)
	const mounts = "30 1 254:0 / / rw - ext4 /dev/root rw\n"
	base := map[string]string{
		"sys/block/sda/dev":                 "8:0\n",
		"sys/block/loop0/dev":               "7:0\n", // not set up
		"sys/block/loop1/dev":               "7:1\n",
		"sys/block/loop1/loop/autoclear":    "0\n",
		"sys/block/loop1/loop1p2/dev":       "259:3\n",
		"sys/block/loop1/loop1p2/partition": "2\n",
		"sys/block/loop1/loop1p1/dev":       "259:2\n",
		"sys/block/loop1/loop1p1/partition": "1\n",
		"sys/block/dm-0/dm/name":            "vg-root\n",
		"proc/SELF/mountinfo":               mounts,
		"proc/swaps":                        "Filename Type Size Used Priority\n",
		"sys/block/loop1/queue/rotational":  "0\n",
	}
	const name = "sys/block/loop1/loop/backing_file"
	for _, c := range []struct {
		name   string
		more   map[string]string
		holder string // without "loop device DEV/loop1", "-" for no use at all
		advice string // with DEV for the directory of devices
	}{
		{"another file", map[string]string{name: "/nowhere\n"}, "-", ""},
		{"a file that was removed", map[string]string{name: path + " (deleted)\n"}, "-", ""},
		{"idle", map[string]string{name: path + "\n"}, "", "run `losetup -d DEV/loop1`, and open it again"},
		{
			"whole device mounted",
			map[string]string{name: path + "\n", "proc/SELF/mountinfo": mounts + "31 30 7:1 / /mnt/a\\040b rw shared:1 - ext4 /dev/loop1 rw\n"},
			", mounted at /mnt/a b", "run `umount '/mnt/a b'`, then run `losetup -d DEV/loop1`, and open it again",
		},
		{
			"goes away with its mount",
			map[string]string{name: path + "\n", "sys/block/loop1/loop/autoclear": "1\n", "proc/SELF/mountinfo": mounts + "31 30 7:1 / /mnt rw - ext4 /dev/loop1 rw\n"},
			", mounted at /mnt", "run `umount /mnt`, and open it again",
		},
		{
			"goes away by itself",
			map[string]string{name: path + "\n", "sys/block/loop1/loop/autoclear": "1\n"},
			"", "run `losetup -d DEV/loop1`, and open it again",
		},
		{
			"partition mounted",
			map[string]string{name: path + "\n", "proc/SELF/mountinfo": mounts + "31 30 259:3 / /mnt rw - ext4 /dev/loop1p2 rw\n"},
			", mounted at /mnt", "run `umount /mnt`, then run `losetup -d DEV/loop1`, and open it again",
		},
		{
			"btrfs, which shows another number",
			map[string]string{name: path + "\n", "proc/SELF/mountinfo": mounts + "31 30 0:44 / /mnt rw - btrfs DEV/loop1p1 rw\n"},
			", mounted at /mnt", "run `umount /mnt`, then run `losetup -d DEV/loop1`, and open it again",
		},
		{
			"swap",
			map[string]string{name: path + "\n", "proc/swaps": "Filename\nDEV/loop1p2 partition 1 0 -2\n"},
			", used as swap", "run `swapoff DEV/loop1p2`, then run `losetup -d DEV/loop1`, and open it again",
		},
		{
			"volume group and RAID",
			map[string]string{name: path + "\n", "sys/block/loop1/loop1p1/holders/dm-0": "", "sys/block/loop1/loop1p2/holders/md0": ""},
			", used by device mapper vg-root, used by DEV/md0",
			"close DEV/mapper/vg-root, then stop DEV/md0, then run `losetup -d DEV/loop1`, and open it again",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{}
			for _, set := range []map[string]string{base, c.more} {
				for name, text := range set {
					files[name] = text
				}
			}
			dev := t.TempDir()
			for name, text := range files {
				files[name] = strings.ReplaceAll(text, "DEV", dev)
			}
			k := tree(t, files)
			k.dev = dev
			use := k.User("a.raw", id, Wholly, ", and open it again")
			if c.holder == "-" {
				if use != nil {
					t.Errorf("got %+v, want nobody", use)
				}
				return
			}
			holder := strings.ReplaceAll("loop device DEV/loop1"+c.holder, "DEV", dev)
			if use == nil || use.Holder != holder || use.Advice != strings.ReplaceAll(c.advice, "DEV", dev) {
				t.Errorf("got %+v\nwant %s; %s", use, holder, c.advice)
			}
		})
	}
}

func TestEndsSoon(t *testing.T) {
	const tail = " 0 0 0 0 0 0 0 0 20 0 "
	for _, c := range []struct {
		name, stat string
		want       bool
	}{
		{"running", "7 (shunt) R 1 7 7 0 -1 4194304" + tail + "9 0 100", false},
		{"killed, waits for a disk", "7 (shunt) D 1 7 7 0 -1 4194308" + tail + "3 0 100", true},
		{"its first thread is through", "7 (shunt) Z 1 7 7 0 -1 4194316" + tail + "2 0 100", true},
		{"nobody has asked how it ended", "7 (shunt) Z 1 7 7 0 -1 4194316" + tail + "1 0 100", false},
		{"a name that looks like more", "7 (a) Z 1 (b) D 1 7 7 0 -1 4194308" + tail + "3 0 100", true},
		{"cut off", "7 (shunt) D 1 7", false},
		{"no name", "7 shunt D 1 7 7 0 -1 4194308" + tail + "3 0 100", false},
		{"empty", "", false},
	} {
		if got := endsSoon(c.stat); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
