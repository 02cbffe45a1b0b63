package fsys

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func udfDriver() Driver {
	no := cannot("there is no tool that resizes UDF")
	return Driver{
		Kind: model.UDF, Package: "udftools", create: can("mkudffs"), grow: no, shrink: no, online: no,
		check: cannot("there is no tool that checks UDF: use chkdsk in Windows"), label: can("udflabel"), uuid: can("udflabel"),
		facts: ops.Capability{
			// 300 blocks of the largest sector size, rounded up.
			MinSize: 2 * geometry.MiB, MaxSize: 2 * geometry.TiB, NewBlock: sectorBlock,
			Labels: ops.LabelRule{Most: 63, UTF16: true},
		},
		// The blocks of UDF must be as long as the disk's sectors.
		make: mkfs([]string{
			"mkudffs", "--utf8", "--media-type=hd", "--udfrev=0x201", "--blocksize={sector}", "--label={label}",
		}),
		setLabel: command("udflabel", "--utf8", "{}", "{=}"), setUUID: command("udflabel", "--uuid=random", "{}"),
		Ask:    ask("udftools", "udfinfo", "{}"),
		Mounts: mountedAs("udf", ""),
	}
}

// sectorBlock returns the block size of kinds whose blocks are as long as a sector.
func sectorBlock(_ geometry.Bytes, z geometry.SectorSize) geometry.Bytes { return geometry.Bytes(z) }
