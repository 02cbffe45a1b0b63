package extfs

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// rawCRC32C returns the crc32c of b as ext4 stores it. Unlike the usual one it inverts no bits at either end, so the sum
// of one piece can be the seed of the next.
func rawCRC32C(seed uint32, b []byte) uint32 { return ^crc32.Update(^seed, castagnoli, b) }

// crc16 returns the reflected CRC-16 (polynomial 0x8005) of the older descriptor checksum.
func crc16(sum uint16, b []byte) uint16 {
	for _, x := range b {
		sum ^= uint16(x)
		for range 8 {
			carry := sum & 1
			sum >>= 1
			if carry != 0 {
				sum ^= 0xA001
			}
		}
	}
	return sum
}

// csumSeed returns the seed of every metadata checksum: the stored one if the UUID may change, else one made from the
// UUID.
func (s Superblock) csumSeed(stored uint32) uint32 {
	if s.Incompat&IncompatCsumSeed != 0 {
		return stored
	}
	return rawCRC32C(^uint32(0), s.UUID[:])
}

// descSum returns the checksum that a group's descriptor should have, and whether descriptors have checksums at all.
func (s Superblock) descSum(group uint64, d []byte) (sum uint16, used bool) {
	number := binary.LittleEndian.AppendUint32(nil, uint32(group))
	switch {
	case s.HasMetadataCsum():
		crc := rawCRC32C(s.seed, number)
		crc = rawCRC32C(crc, d[:descChecksum])
		crc = rawCRC32C(crc, []byte{0, 0})
		return uint16(rawCRC32C(crc, d[descChecksum+2:])), true
	case s.ROCompat&ROCompatGDTCsum != 0:
		crc := crc16(^uint16(0), s.UUID[:])
		crc = crc16(crc, number)
		crc = crc16(crc, d[:descChecksum])
		return crc16(crc, d[descChecksum+2:]), true
	}
	return 0, false
}

// BitmapSumOK reports whether a group's block bitmap matches the checksum in the group's descriptor. It returns true
// without the metadata_csum feature, because bitmaps have no checksums then.
func (s Superblock) BitmapSumOK(d Desc, bitmap []byte) bool {
	if !s.HasMetadataCsum() {
		return true
	}
	sum := rawCRC32C(s.seed, bitmap[:s.BlocksPerGroup/s.ClusterBlocks/8])
	if s.DescSize < 64 {
		return uint16(sum) == uint16(d.bitmapSum)
	}
	return sum == d.bitmapSum
}
