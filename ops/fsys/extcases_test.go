package fsys

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
)

// extCase is a file system on which the map of free blocks is tried.
type extCase struct {
	name    string
	size    int64
	options string // of mke2fs
	// after are commands to run on the populated file system; %s stands for the image.
	after []string
}

var extCases = []extCase{
	{name: "ext4-1k", size: 48 * mib, options: "-t ext4 -b 1024"},
	{name: "ext4-4k", size: 300 * mib, options: "-t ext4 -b 4096"},
	{name: "ext4-2k", size: 100 * mib, options: "-t ext4 -b 2048"},
	{name: "ext4-no64bit", size: 300 * mib, options: "-t ext4 -b 4096 -O ^64bit"},
	{name: "ext4-bigalloc", size: 300 * mib, options: "-t ext4 -b 4096 -O bigalloc -C 65536"},
	{name: "ext4-bigalloc-1k", size: 100*mib + 3*kib, options: "-t ext4 -b 1024 -O bigalloc,^resize_inode -C 16384"},
	{name: "ext4-metabg", size: 300 * mib, options: "-t ext4 -b 1024 -O meta_bg,^resize_inode"},
	{name: "ext4-noflex", size: 300 * mib, options: "-t ext4 -b 1024 -O ^flex_bg"},
	{name: "ext4-flex64", size: 800 * mib, options: "-t ext4 -b 1024 -G 64"},
	{name: "ext4-uninit", size: 300 * mib, options: "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg"},
	{name: "ext4-uninit-64bit", size: 300 * mib, options: "-t ext4 -b 1024 -O ^metadata_csum,uninit_bg,64bit"},
	{name: "ext4-nocsum", size: 300 * mib, options: "-t ext4 -b 1024 -O ^metadata_csum,^uninit_bg"},
	{name: "ext4-sparse2", size: 300 * mib, options: "-t ext4 -b 1024 -O sparse_super2,^resize_inode"},
	{name: "ext4-allsuper", size: 100 * mib, options: "-t ext4 -b 1024 -O ^sparse_super,^resize_inode"},
	{name: "ext4-seed", size: 100 * mib, options: "-t ext4 -b 1024 -O metadata_csum_seed", after: []string{"tune2fs -f -U 11111111-2222-3333-4444-555555555555 %s"}},
	{name: "ext4-nojournal", size: 100 * mib, options: "-t ext4 -b 1024 -O ^has_journal"},
	{name: "ext4-features", size: 300 * mib, options: "-t ext4 -b 4096 -I 512 -O inline_data,ea_inode,large_dir,encrypt,verity,casefold,quota,project", after: []string{"e2fsck -fy %s"}},
	{name: "ext4-smallgroups", size: 64*mib + 5*kib, options: "-t ext4 -b 1024 -g 1024"},
	{name: "ext4-grown", size: 100 * mib, options: "-t ext4 -b 1024", after: []string{"e2fsck -fy %s", "resize2fs %s 700M"}},
	{name: "ext4-shrunk", size: 700 * mib, options: "-t ext4 -b 1024", after: []string{"e2fsck -fy %s", "resize2fs %s 90M"}},
	{name: "ext4-oddend", size: 128*mib + 7*kib, options: "-t ext4 -b 1024"},
	{name: "ext3", size: 100 * mib, options: "-t ext3 -b 4096"},
	{name: "ext3-1k", size: 48 * mib, options: "-t ext3 -b 1024"},
	{name: "ext2", size: 48 * mib, options: "-t ext2 -b 1024"},
	{name: "ext2-rev0", size: 30 * mib, options: "-t ext2 -r 0 -b 1024"},
}

// build makes the file system with files in it, some of them deleted again.
func (c extCase) build(t testing.TB, dir string) string {
	t.Helper()
	path := sparse(t, c.size)
	argv := append([]string{"mke2fs", "-q", "-F", "-E", "nodiscard"}, strings.Fields(c.options)...)
	if !strings.Contains(c.options, "-r 0") {
		argv = append(argv, "-d", dir)
	}
	tool(t, append(argv, path)...)
	var rm strings.Builder
	for name := range contents(t, dir) {
		if dropped(name) {
			fmt.Fprintf(&rm, "rm /%s\n", name)
		}
	}
	script(t, path, rm.String())
	for _, line := range c.after {
		if _, exit := try(t, strings.Fields(strings.ReplaceAll(line, "%s", path))...); exit > 1 {
			t.Fatalf("%s: exit code %d", line, exit)
		}
	}
	return path
}

// dropped reports whether build deletes a file of the fileTree again: every third one.
func dropped(name string) bool {
	n, err := strconv.Atoi(name[len(name)-3:])
	return err == nil && n%3 == 0
}

// keptOf returns the files of the fileTree that build leaves in the file system.
func keptOf(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := contents(t, dir)
	maps.DeleteFunc(files, func(name, _ string) bool { return dropped(name) })
	return files
}
