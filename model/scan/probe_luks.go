package scan

import (
	"encoding/binary"

	"shunt/geometry"
	"shunt/model"
)

// probeLUKS recognises LUKS1 and LUKS2 by the header at the start: "LUKS" 0xBA 0xBE, version (2, big-endian), the
// UUID as text at 168 and, in LUKS2, the label at 24. Nothing tells what is used behind it. Source: "LUKS1 On-Disk
// Format Specification", "LUKS2 On-Disk Format Specification".
func probeLUKS(w *window) (model.Filesystem, bool) {
	b := w.at(0, 512)
	if b == nil || string(b[:6]) != "LUKS\xba\xbe" {
		return model.Filesystem{}, false
	}
	fs := model.Filesystem{
		Kind: model.LUKS, UUID: text(b[168:208]),
		Size: geometry.Bytes(w.n), Used: geometry.Bytes(w.n),
	}
	switch binary.BigEndian.Uint16(b[6:]) {
	case 1:
		fs.Notes, fs.Trait = "LUKS1", model.OldForm
	case 2:
		fs.Notes = "LUKS2"
		fs.Label = text(b[24:72])
	default:
		return model.Filesystem{}, false
	}
	return fs, true
}
