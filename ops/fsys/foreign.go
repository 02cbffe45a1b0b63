package fsys

import (
	"shunt/model"
	"shunt/ops"
)

// foreignDrivers returns the drivers for contents that shunt cannot change.
func foreignDrivers() []Driver {
	const volume = "it is a part of a larger volume: the files are in that"
	return []Driver{
		mountable(model.HFSPlus, "shunt does not change HFS+: use macOS", mountedAs("hfsplus", "")),
		opaque(model.APFS, "only macOS can change APFS", noDriver(model.APFS)),
		opaque(model.ReFS, "only Windows can change ReFS", noDriver(model.ReFS)),
		opaque(model.ZFS, "it belongs to a ZFS pool: use zpool and zfs", volume),
		opaque(model.RAID, "it belongs to a Linux RAID: use mdadm", volume),
		opaque(model.BitLocker, "only Windows can change what is encrypted with BitLocker", encrypted),
	}
}

func isoDriver() Driver {
	const why = "the boot loader in a CD-ROM image relies on its position: it might not start any more"
	d := mountable(model.ISO9660, "a CD-ROM image cannot be changed", mountedAs("iso9660", ""))
	d.facts = ops.Capability{Move: why, Copy: why}
	d.check = cannot("there is no tool that checks a CD-ROM image")
	d.Ask = ask("genisoimage", "isoinfo", "-d", "-i", "{}")
	return d
}
