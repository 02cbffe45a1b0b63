package geometry

// A VHD of the older kind has no exact size: its disk is as long as a geometry of cylinders, heads and sectors per track, which
// Microsoft's specification of the format computes from the size that was asked for. It rounds down; programs that make such
// images ask for more until the geometry is long enough.
const (
	vhdSector    = 512
	vhdCylinders = 65535
	vhdHeads     = 16
	vhdLongest   = vhdCylinders * vhdHeads * 255 // sectors of the longest geometry
)

// VHDSize returns the size of the shortest VHD with a geometry that has n bytes. From the longest geometry on, about 127 GiB,
// the size is exact to the sector of 512 bytes.
func VHDSize(n Bytes) Bytes {
	want := (int64(n) + vhdSector - 1) / vhdSector
	if want >= vhdLongest {
		return Bytes(want * vhdSector)
	}
	for ask := want; ; ask++ {
		if has := vhdGeometry(ask); has >= want {
			return Bytes(has * vhdSector)
		}
	}
}

// vhdGeometry returns how many sectors the geometry for n sectors has.
func vhdGeometry(n int64) int64 {
	n = min(n, vhdLongest)
	if n >= vhdCylinders*vhdHeads*63 {
		return n / 255 / vhdHeads * vhdHeads * 255
	}
	const most = 1024 // cylinders
	track, tracks := int64(17), n/17
	heads := max((tracks+most-1)/most, 4)
	if tracks >= heads*most || heads > vhdHeads {
		track, heads, tracks = 31, vhdHeads, n/31
	}
	if tracks >= heads*most {
		track, heads, tracks = 63, vhdHeads, n/63
	}
	return tracks / heads * heads * track
}
