package kernel

import (
	"slices"
	"testing"
)

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
