package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/target"
)

// nullDevice is the number 1:3, which /dev/null has on every machine.
func nullDevice(t *testing.T) os.FileInfo {
	t.Helper()
	info, err := os.Stat("/dev/null")
	require(t, err)
	return info
}

func TestDiskOfAPartition(t *testing.T) {
	k := tree(t, map[string]string{
		"sys/dev/block/1:3": "->../../block/loop1/loop1p2", "sys/block/loop1/dev": "7:1\n",
		"sys/block/loop1/loop1p2/partition": "2\n", "sys/block/loop1/loop1p2/dev": "1:3\n",
		"sys/block/loop1/loop1p2/start": "2048\n", "sys/block/loop1/loop1p2/size": "100\n",
	})
	d, err := k.Disk(RdevOf(nullDevice(t)))
	require(t, err)
	w, ok := d.Whole()
	if !ok || w.Name != "loop1" || w.Number != "7:1" || w.Node() != filepath.Join(k.dev, "loop1") {
		t.Errorf("whole disk: %+v, %v", w, ok)
	}
	start, n, err := w.Parts()[2].Span()
	if err != nil || start != 1<<20 || n != 51200 {
		t.Errorf("it lies at %d+%d, %v", start, n, err)
	}
	if _, err := k.Disk(0); err == nil {
		t.Error("found a device that does not exist")
	}
}

func TestPhysical(t *testing.T) {
	k := tree(t, map[string]string{
		"sys/dev/block/1:3":                   "->../../block/sda/sda1",
		"sys/block/sda/sda1/partition":        "1",
		"sys/block/loop1/loop/backing_file":   "/home/a.raw",
		"sys/block/loop2/loop/backing_file":   "/dev/null", // a device, the number of which is that of sda1
		"sys/block/dm-0/slaves/loop1":         "->../../../block/loop1",
		"sys/block/dm-1/slaves/loop1":         "->../../../block/loop1",
		"sys/block/dm-1/slaves/sda1":          "->../../../block/sda/sda1",
		"sys/block/dm-2/slaves/loop1p1":       "->../../../block/loop1/loop1p1",
		"sys/block/loop1/loop1p1/partition":   "1",
		"sys/block/dm-3/dm/name":              "zero",
		"sys/block/nbd0/size":                 "1",
		"sys/block/loopback-of-a-vendor/size": "1",
	})
	for name, physical := range map[string]bool{
		"loop1": false, "nbd0": false, "ram3": false, "zram0": false, "dm-0": false, "dm-2": false,
		"sda": true, "vda": true, "nvme0n1": true, "mmcblk0": true, "md0": true, "dm-1": true, "dm-3": true, "loopback-of-a-vendor": true,
	} {
		if got := k.block(name).Physical(); got != physical {
			t.Errorf("%s: physical %v, want %v", name, got, physical)
		}
	}
}

func TestAdmitRefuses(t *testing.T) {
	base := map[string]string{
		"sys/block/sda/size": "1000\n", "sys/block/sda/ro": "0\n", "sys/block/sda/dev": "8:0\n",
		"proc/SELF/mountinfo": "", "proc/swaps": "",
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		opts  target.Options
		want  string // "" if it is admitted
	}{
		{"allowed", nil, target.Options{AllowDisks: true}, ""},
		{"not allowed", nil, target.Options{}, "--allow-disks"},
		{"no medium", map[string]string{"sys/block/sda/size": "0\n"}, target.Options{AllowDisks: true}, "no medium"},
		{"read-only", map[string]string{"sys/block/sda/ro": "1\n"}, target.Options{AllowDisks: true}, "read-only"},
		{"mounted as a whole", map[string]string{"proc/SELF/mountinfo": "31 30 8:0 / /mnt rw - ext4 /dev/sda rw\n"}, target.Options{AllowDisks: true}, "mounted at /mnt"},
		{"multipath", map[string]string{"sys/block/sda/holders/dm-0": "", "sys/block/dm-0/dm/name": "mpatha\n"}, target.Options{AllowDisks: true}, "device mapper mpatha"},
		{"RAID", map[string]string{"sys/block/sda/holders/md0": ""}, target.Options{AllowDisks: true}, "md0"},
	} {
		files := map[string]string{}
		for _, set := range []map[string]string{base, c.files} {
			for name, text := range set {
				files[name] = text
			}
		}
		k := tree(t, files)
		err := k.block("sda").Admit("/dev/sda", c.opts)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestBeside(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	state := filepath.Join("/home/u", ".local/state/shunt")
	k := tree(t, map[string]string{
		"sys/block/loop1/loop/backing_file": path + "\n", "sys/block/loop1/loop/offset": "0\n", "sys/block/loop1/loop/sizelimit": "0\n",
		"sys/block/loop2/loop/backing_file": path + "\n", "sys/block/loop2/loop/offset": "512\n", "sys/block/loop2/loop/sizelimit": "0\n",
		"sys/block/sda/device/wwid": "naa.5000c5/00 \n", "sys/block/sdb/size": "1",
	})
	for name, want := range map[string]string{"loop1": path, "loop2": "loop2", "sda": "naa.5000c5_00", "sdb": "sdb"} {
		got := k.block(name).Place().Beside
		if got != want && filepath.Base(got) != want || name != "loop1" && filepath.Dir(got) != stateDir(os.Geteuid(), os.Getenv) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	env := func(set map[string]string) func(string) string { return func(name string) string { return set[name] } }
	for want, got := range map[string]string{
		"/var/lib/shunt": stateDir(0, env(map[string]string{"HOME": "/root", "XDG_STATE_HOME": "/s"})),
		"/s/shunt":       stateDir(7, env(map[string]string{"HOME": "/home/u", "XDG_STATE_HOME": "/s"})),
		state:            stateDir(7, env(map[string]string{"HOME": "/home/u", "XDG_STATE_HOME": "relative"})),
	} {
		if got != want {
			t.Errorf("state directory %s, want %s", got, want)
		}
	}
}

func TestUses(t *testing.T) {
	const mount = "31 30 8:2 / /mnt/a\\040b rw shared:1 - ext4 /dev/root rw\n"
	base := map[string]string{"proc/SELF/mountinfo": "30 1 254:0 / / rw - ext4 /dev/root rw\n", "proc/swaps": "Filename\n", "sys/block/sda/dev": "8:0\n"}
	for _, p := range []string{"1", "2", "3"} {
		base["sys/block/sda/sda"+p+"/partition"] = p + "\n"
		base["sys/block/sda/sda"+p+"/dev"] = "8:" + p + "\n"
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		want  map[int]model.Use
	}{
		{"nobody", nil, map[int]model.Use{}},
		{"mounted", map[string]string{"proc/SELF/mountinfo": mount}, map[int]model.Use{2: {Kind: model.Mounted, Place: "/mnt/a b"}}},
		{
			"mounted read-only",
			map[string]string{"proc/SELF/mountinfo": "31 30 8:2 / /mnt ro - ext4 /dev/sda2 rw\n"},
			map[int]model.Use{2: {Kind: model.Mounted, Place: "/mnt", ReadOnly: true}},
		},
		{
			"mounted read-only at one place and not at another",
			map[string]string{"proc/SELF/mountinfo": "31 30 8:2 / /mnt ro - ext4 /dev/sda2 rw\n32 30 8:2 / /srv rw - ext4 /dev/sda2 rw\n"},
			map[int]model.Use{2: {Kind: model.Mounted, Place: "/srv"}},
		},
		{
			"mounted by somebody in a container",
			map[string]string{"proc/77/mountinfo": mount, "proc/77/ns/mnt": "->mnt:[5]", "proc/77/comm": "sh\n", "proc/SELF/ns/mnt": "->mnt:[4]"},
			map[int]model.Use{2: {Kind: model.Mounted, Place: "/mnt/a b", By: "sh (pid 77)"}},
		},
		{
			"the namespace of this process, seen twice",
			map[string]string{"proc/77/mountinfo": mount, "proc/77/ns/mnt": "->mnt:[4]", "proc/77/comm": "sh\n", "proc/SELF/ns/mnt": "->mnt:[4]"},
			map[int]model.Use{},
		},
		{
			"btrfs of two devices",
			map[string]string{
				"proc/SELF/mountinfo":               "31 30 0:44 / /mnt rw - btrfs DEV/sda1 rw\n",
				"sys/fs/btrfs/u-u-i-d/devices/sda1": "", "sys/fs/btrfs/u-u-i-d/devices/sda3": "", "sys/fs/btrfs/features/x": "",
			},
			map[int]model.Use{1: {Kind: model.Mounted, Place: "/mnt"}, 3: {Kind: model.Mounted, Place: "/mnt"}},
		},
		{
			"btrfs that is mounted where it cannot be seen",
			map[string]string{"sys/fs/btrfs/u-u-i-d/devices/sda1": ""},
			map[int]model.Use{1: {Kind: model.Shared}},
		},
		{"swap", map[string]string{"proc/swaps": "Filename\nDEV/sda3 partition 1 0 -2\n"}, map[int]model.Use{3: {Kind: model.SwapSpace}}},
		{
			"volume group and RAID",
			map[string]string{"sys/block/sda/sda1/holders/dm-0": "", "sys/block/dm-0/dm/name": "vg-root\n", "sys/block/sda/sda2/holders/md0": ""},
			map[int]model.Use{1: {Kind: model.Held, Place: "device mapper vg-root"}, 2: {Kind: model.Held, Place: "DEV/md0"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dev := t.TempDir()
			files := map[string]string{}
			for _, set := range []map[string]string{base, c.files} {
				for name, text := range set {
					files[name] = strings.ReplaceAll(text, "DEV", dev)
				}
			}
			k := tree(t, files)
			k.dev = dev
			got := k.block("sda").Uses()
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for number, want := range c.want {
				want.Place = strings.ReplaceAll(want.Place, "DEV", dev)
				if got[number] != want {
					t.Errorf("p%d: %+v, want %+v", number, got[number], want)
				}
			}
		})
	}
}

func TestSwapByAnotherName(t *testing.T) {
	// The list of swaps may name a link; what counts is where it leads.
	link := filepath.Join(t.TempDir(), "swap")
	require(t, os.Symlink("/dev/loop0", link))
	info, err := os.Stat(link)
	if err != nil || info.Mode()&os.ModeDevice == 0 {
		testneed.Missing(t, "needs /dev/loop0")
	}
	number := deviceNumber(RdevOf(info))
	if number != deviceNumber(unix.Mkdev(7, 0)) {
		testneed.Missing(t, "/dev/loop0 is "+number)
	}
	k := tree(t, map[string]string{
		"sys/block/sda/sda1/partition": "1\n", "sys/block/sda/sda1/dev": "7:0\n", "proc/SELF/mountinfo": "",
		"proc/swaps": "Filename\n" + link + " partition 1 0 -2\n",
	})
	if use := k.block("sda").Uses()[1]; use.Kind != model.SwapSpace {
		t.Errorf("got %+v", use)
	}
}

// What can be edited is listed in the order of the numbers; of a made-up system, as no two have the same devices.
func TestDevices(t *testing.T) {
	k := tree(t, map[string]string{
		"sys/block/loop10/size": "8\n", "sys/block/loop10/loop/backing_file": "/a.raw\n",
		"sys/block/loop2/size": "8\n", "sys/block/loop2/loop/backing_file": "/b.raw\n",
		"sys/block/loop3/size": "0\n",
		"sys/block/nbd0/size":  "0\n",
		"sys/block/nbd1/size":  "8\n",
		"sys/block/ram0/size":  "8\n",
		"sys/block/zram0/size": "8\n",
		"sys/block/sr0/size":   "0\n",
		"sys/block/sdb/size":   "8\n",
		"sys/block/sda/size":   "8\n",
	})
	for physical, want := range map[bool][]string{
		false: {"loop2", "loop10", "nbd1"},
		true:  {"loop2", "loop10", "nbd1", "sda", "sdb"},
	} {
		got := k.Devices(physical)
		for i := range want {
			want[i] = k.dev + "/" + want[i]
		}
		if !slices.Equal(got, want) {
			t.Errorf("physical %v: got %v, want %v", physical, got, want)
		}
	}
}
