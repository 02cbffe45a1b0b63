package kernel

import (
	"cmp"
	"path/filepath"
	"strings"

	"shunt/ops/target"
)

// buses are the directories in the path of a device in /sys that name how it is connected, the nearest to the device first.
// Those of SCSI come last, since other buses carry it too.
var buses = []struct{ part, name string }{
	{"/usb", "USB"},
	{"/nvme", "NVMe"},
	{"/virtio", "virtio"},
	{"/mmc_host/", "SD or MMC"},
	{"/ata", "SATA"},
	{"/session", "iSCSI"},
	{"/rport-", "Fibre Channel"},
	{"/end_device-", "SAS"},
	{"/vbd-", "Xen"},
	{"/host", "SCSI"},
}

// Hardware describes the device that the bytes are on, as far as it names itself. It is zero for devices that are none, such
// as loop devices.
func (d Disk) Hardware() target.Hardware {
	if w, ok := d.Whole(); ok {
		d = w
	}
	first := func(paths ...string) string {
		for _, path := range paths {
			if text := strings.TrimSpace(d.Text(path)); text != "" {
				return text
			}
		}
		return ""
	}
	h := target.Hardware{Model: first("device/model", "device/name"), Serial: first("device/serial", "serial")}
	// The vendor of a virtio or PCI device is a number. "ATA" stands for all makers of such disks.
	if vendor := first("device/vendor"); vendor != "ATA" && !strings.HasPrefix(vendor, "0x") {
		h.Model = strings.TrimSpace(vendor + " " + h.Model)
	}
	path, _ := filepath.EvalSymlinks(d.dir) // no bus is in ""
	for _, bus := range buses {
		if strings.Contains(path, bus.part) {
			h.Bus = cmp.Or(h.Bus, bus.name)
		}
	}
	if h != (target.Hardware{}) {
		h.Rotates = d.Text("queue/rotational") == "1"
	}
	return h
}
