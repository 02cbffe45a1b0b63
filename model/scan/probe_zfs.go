package scan

import (
	"encoding/binary"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// A member of a ZFS pool has four labels of 256 KiB, two at its start and two at its end. Each has at 16 KiB a list of
// names and values in XDR: 12 bytes, then pairs of length (4), length in memory (4), name, kind (4), count (4), value. At 128 KiB
// is a ring of uberblocks, 1 KiB or more each. Source: "ZFS On-Disk Specification".
const (
	zfsLabel = 256 << 10
	zfsList  = 16 << 10
	zfsRing  = 128 << 10
	zfsUber  = 0x00BAB10C
)

// findZFS looks at two labels: first is 0 for those at the start, or 2 for those at the end, where labels of an old pool
// outlive the contents that came later.
func findZFS(w *window, first int) (model.Filesystem, bool) {
	for i := range int64(2) {
		label := i * zfsLabel
		if first > 0 {
			label += zfsEnd(w)
		}
		if label < 0 {
			continue
		}
		fs := model.Filesystem{
			Kind: model.ZFS, Elsewhere: model.MemberOfOthers, Size: geometry.Bytes(w.n), Used: geometry.Bytes(w.n),
		}
		if b := w.at(label+zfsList, pageSize); b != nil && b[0] == 1 && b[1] <= 1 && zfsNames(b[12:], &fs) {
			return fs, true
		}
		for slot := int64(0); slot < 4*pageSize; slot += 1 << 10 {
			if b := w.at(label+zfsRing+slot, 8); b != nil && (le.Uint64(b) == zfsUber || be.Uint64(b) == zfsUber) {
				return fs, true
			}
		}
	}
	return model.Filesystem{}, false
}

// zfsEnd returns where the labels at the end begin.
func zfsEnd(w *window) int64 { return w.n - w.n%zfsLabel - 2*zfsLabel }

// zfsNames takes the pool's name and number from a list. It reports whether the list is one of a member.
func zfsNames(b []byte, fs *model.Filesystem) bool {
	const number, str = 8, 9
	found := false
	for len(b) >= 12 {
		n, name := int64(be.Uint32(b)), int64(be.Uint32(b[8:]))
		value := 12 + (name+3)/4*4
		if n < value+16 || n > int64(len(b)) {
			break
		}
		v := b[value:n]
		switch kind := be.Uint32(v); string(b[12 : 12+name]) {
		case "name":
			if at := int64(be.Uint32(v[8:])); kind == str && 12+at <= int64(len(v)) {
				fs.Label = text(v[12 : 12+at])
			}
		case "pool_guid":
			if kind == number {
				fs.UUID, found = fmt.Sprint(binary.BigEndian.Uint64(v[8:])), true
			}
		}
		b = b[n:]
	}
	return found
}
