package kernel

import (
	"testing"

	"shunt/ops/target"
)

// The files are named and laid out as Linux does it for these kinds of devices.
func TestHardware(t *testing.T) {
	const (
		sata = "devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"
		usb  = "devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0/block/sdb"
		nvme = "devices/pci0000:00/0000:00:1d.0/0000:3d:00.0/nvme/nvme0/nvme0n1"
		vda  = "devices/pci0000:00/0000:00:05.0/virtio2/block/vda"
		card = "devices/platform/soc/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0"
		loop = "devices/virtual/block/loop0"
	)
	k := tree(t, map[string]string{
		"sys/block/sda": "->../" + sata, "sys/" + sata + "/device/vendor": "ATA     ", "sys/" + sata + "/device/model": "ST3200820AS     ",
		"sys/" + sata + "/queue/rotational": "1", "sys/" + sata + "/sda1/partition": "1",
		"sys/block/sdb": "->../" + usb, "sys/" + usb + "/device/vendor": "SanDisk ", "sys/" + usb + "/device/model": "Cruzer Blade",
		"sys/" + usb + "/queue/rotational": "0",
		"sys/block/nvme0n1":                "->../" + nvme, "sys/" + nvme + "/device/model": "Samsung SSD 970 EVO Plus 250GB ",
		"sys/" + nvme + "/device/serial": "S4EUNX0", "sys/" + nvme + "/queue/rotational": "0",
		"sys/block/vda": "->../" + vda, "sys/" + vda + "/serial": "disk-1", "sys/" + vda + "/device/vendor": "0x1af4", "sys/" + vda + "/queue/rotational": "1",
		"sys/block/mmcblk0": "->../" + card, "sys/" + card + "/device/name": "SC16G", "sys/" + card + "/device/serial": "0x1234",
		"sys/block/loop0": "->../" + loop, "sys/" + loop + "/queue/rotational": "1",
	})
	for name, want := range map[string]target.Hardware{
		"sda":      {Model: "ST3200820AS", Bus: "SATA", Rotates: true},
		"sda/sda1": {Model: "ST3200820AS", Bus: "SATA", Rotates: true},
		"sdb":      {Model: "SanDisk Cruzer Blade", Bus: "USB"},
		"nvme0n1":  {Model: "Samsung SSD 970 EVO Plus 250GB", Serial: "S4EUNX0", Bus: "NVMe"},
		"vda":      {Serial: "disk-1", Bus: "virtio", Rotates: true},
		"mmcblk0":  {Model: "SC16G", Serial: "0x1234", Bus: "SD or MMC"},
		"loop0":    {},
	} {
		if got := k.block(name).Hardware(); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
