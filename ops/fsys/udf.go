package fsys

import (
	"context"
	"strconv"

	"shunt/geometry"
)

var udfFeature = feature{
	pkg: "udftools", create: can("mkudffs"), grow: cannot("there is no tool that resizes UDF"), shrink: cannot("there is no tool that resizes UDF"),
	check: cannot("there is no tool that checks UDF: use chkdsk in Windows"), label: can("udflabel"), uuid: can("udflabel"),
	online: cannot("there is no tool that resizes UDF"),
	// 300 blocks of the largest sector size, rounded up.
	minSize: 2 * geometry.MiB, maxSize: 2 * geometry.TiB,
}

// makeUDF runs mkudffs. The blocks of UDF must be as long as the disk's sectors.
func (t Tools) makeUDF(ctx context.Context, doing, path string, spec Spec) error {
	argv := []string{
		"mkudffs", "--utf8", "--media-type=hd", "--udfrev=0x201",
		"--blocksize=" + strconv.FormatInt(int64(spec.SectorSize), 10), "--label=" + spec.Label,
	}
	_, _, err := t.run(ctx, doing, zeroOnly, append(argv, path)...)
	return err
}
