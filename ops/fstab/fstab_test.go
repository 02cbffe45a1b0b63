package fstab

import (
	"testing"

	"shunt/model"
)

func TestNamesItself(t *testing.T) {
	p := model.Partition{Number: 2, UUID: "4fd1c0de-02", Name: "root fs"}
	p.FS.UUID, p.FS.Label = "0E7C53A5-b7ea-4d86-9d6f-4f1d1a9b0a55", "my root"
	for text, want := range map[string]bool{
		"UUID=0e7c53a5-B7EA-4d86-9d6f-4f1d1a9b0a55 / ext4 rw 0 1":         true,
		"UUID=\"0e7c53a5-b7ea-4d86-9d6f-4f1d1a9b0a55\" / ext4":            true,
		"/dev/disk/by-uuid/0e7c53a5-b7ea-4d86-9d6f-4f1d1a9b0a55\t/\text4": true,
		"LABEL=my\\040root / ext4":                                        true,
		"LABEL=My\\040root / ext4":                                        false, // labels keep their letter case
		"/dev/disk/by-label/my\\x20root / ext4":                           true,
		"PARTUUID=4FD1C0DE-02  /  ext4  defaults  0  1":                   true,
		"/dev/disk/by-partuuid/4fd1c0de-02 / auto":                        true,
		"PARTLABEL=root\\040fs / xfs":                                     true,
		"/dev/disk/by-partlabel/root\\x20fs / xfs":                        true,
		"/dev/sda2 / ext3 defaults 1 1":                                   true,
		"/dev/mmcblk0p2 / ext4":                                           true,
		"/dev/nvme0n1p2 / ext4":                                           true,
		"proc /proc proc\n# /\n\n  LABEL=my\\040root   /   ext4\n":        true,
		"UUID=0e7c53a5-b7ea-4d86-9d6f-4f1d1a9b0a55 /home ext4":            false,
		"UUID=11111111-b7ea-4d86-9d6f-4f1d1a9b0a55 / ext4":                false, // a copy of another system's
		"PARTUUID=4fd1c0de-03 / ext4":                                     false,
		"/dev/sda12 / ext4":                                               false,
		"/dev/mapper/vg-2 / ext4":                                         false,
		"/dev/root / ext4":                                                false,
		"#LABEL=my\\040root / ext4":                                       false,
		"LABEL= / ext4":                                                   false,
		"/\n/":                                                            false,
		"":                                                                false,
	} {
		if got := NamesItself(p, []string{"", text}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if NamesItself(model.Partition{Number: 1}, []string{"UUID= / ext4\nLABEL=\"\" / ext4\nPARTUUID= / ext4"}) {
		t.Error("a partition without a name is named")
	}
}
