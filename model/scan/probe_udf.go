package scan

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// A UDF volume has descriptors of 2 KiB from 32 KiB on, and one of these is "NSR02" or "NSR03". Block 256, and often the
// last block, holds an anchor with the position of the volume descriptors. Each volume descriptor begins with its kind
// (2) and has the number of its own block at 12:
//
//	anchor (2)      16 descriptors: bytes (4), block (4)
//	primary (1)     72 identifier of the volume set (dstring of 128)
//	partition (5)   188 first block (4)    192 blocks (4)
//	logical (6)     84 label (dstring of 128)    432 integrity: bytes (4), block (4)
//	integrity (9)   28 1 closed (4)    72 partitions (4)    80 free blocks in the first (4)
//	terminator (8)
//
// Source: ECMA-167, OSTA "Universal Disk Format Specification".
const (
	udfAnchor     = 256
	udfMostBlocks = 16 // descriptors that are read
)

// udf is a volume while it is read.
type udf struct {
	w     *window
	block int64
}

// findUDF looks for UDF. Size is the whole window if its last block has an anchor, else the size of the UDF partition.
func findUDF(w *window) (model.Filesystem, bool) {
	blocks := udfBlocks(w)
	fs := model.Filesystem{Kind: model.UDF, Used: -1}
	for _, block := range blocks {
		u := udf{w: w, block: block}
		if anchor := u.descriptor(udfAnchor, 2); anchor != nil {
			fs.BlockSize = geometry.Bytes(block)
			u.read(anchor, &fs)
			break
		}
	}
	return fs, blocks != nil
}

// descriptor returns the first 512 bytes of a block if they are a descriptor of this kind, else nil. Kind 0 matches any
// kind.
func (u udf) descriptor(at int64, kind uint16) []byte {
	b := u.w.at(at*u.block, 512)
	if b == nil || int64(le.Uint32(b[12:])) != at || kind != 0 && le.Uint16(b) != kind {
		return nil
	}
	return b
}

// read completes fs from the volume descriptors.
func (u udf) read(anchor []byte, fs *model.Filesystem) {
	u32 := func(b []byte, off int) int64 { return int64(le.Uint32(b[off:])) }
	count, first := u32(anchor, 16)/u.block, u32(anchor, 20)
	var begin, length, free int64 = 0, 0, -1
	for i := range min(count, udfMostBlocks) {
		b := u.descriptor(first+i, 0)
		if b == nil {
			continue
		}
		switch le.Uint16(b) {
		case 1:
			fs.UUID = udfUUID(dstring(b[72:200]))
		case 5:
			begin, length = u32(b, 188), u32(b, 192)
		case 6:
			fs.Label = clean(dstring(b[84:212]))
			if state := u.descriptor(u32(b, 436), 9); state != nil {
				if u32(state, 72) == 1 {
					free = u32(state, 80)
				}
				fs.Dirty = marks(u32(state, 28) != 1, false, "")
			}
		}
	}
	fs.Size = geometry.Bytes((begin + length) * u.block)
	if last := u.w.n/u.block - 1; u.descriptor(last, 2) != nil {
		fs.Size = geometry.Bytes((last + 1) * u.block)
	}
	if free >= 0 && free <= length && geometry.Bytes(free*u.block) <= fs.Size {
		fs.Used = fs.Size - geometry.Bytes(free*u.block)
	}
}

// udfBlocks looks for "NSR02" or "NSR03" among the volume descriptors from 32 KiB on, one in each 2 KiB, or in each block
// where blocks are larger. It returns the possible sizes of blocks, nil if this is no UDF.
func udfBlocks(w *window) []int64 {
	for _, blocks := range [][]int64{{512, 1024, 2048}, {4096}} {
		step := max(isoSector, blocks[0])
	descriptors:
		for i := range int64(isoMostDesc) {
			switch b := w.at(isoAt+i*step+1, 5); string(b) {
			case "NSR02", "NSR03":
				return blocks
			case "BEA01", "CD001", "CDW02", "TEA01", "BOOT2":
			default:
				break descriptors
			}
		}
	}
	return nil
}

// dstring decodes a string of ECMA-167: bits per character (1), the characters, and in the last byte the number of bytes
// in use.
func dstring(b []byte) string {
	n := int(b[len(b)-1])
	if n < 1 || n > len(b)-1 {
		return ""
	}
	chars := b[1:n]
	switch b[0] {
	case 8, 254:
		wide := make([]byte, 0, 2*len(chars))
		for _, c := range chars {
			wide = append(wide, 0, c)
		}
		return decodeUTF16(be, wide)
	case 16, 255:
		return decodeUTF16(be, chars)
	}
	return ""
}

// udfUUID makes a UUID of the set's identifier as the rest of Linux does: its first 16 letters, which should be
// hexadecimal, or the bytes that are not, written in hexadecimal, with zeros where there are none.
func udfUUID(set string) string {
	if len(set) < 8 {
		return ""
	}
	hex := len(set) - len(strings.TrimLeft(set, "0123456789abcdefABCDEF"))
	switch {
	case hex >= 16:
		return strings.ToLower(set[:16])
	case hex < 8:
		return fmt.Sprintf("%x", set[:8])
	}
	return strings.ToLower(set[:8]) + fmt.Sprintf("%x", (set + "\x00\x00\x00\x00")[8:12])
}
