// Package qcow2 reads and edits QEMU's copy-on-write images, version 2 and 3, without any other program.
//
// The source of the format is QEMU's docs/interop/qcow2.rst. All numbers are big-endian. A cluster is 512 bytes to 2 MiB long
// and the unit of all allocation. Cluster 0 holds the header:
//
//	byte  0 u32 magic "QFI\xfb"             byte 56 u32 refcount table: clusters
//	      4 u32 version                          60 u32 snapshots: number
//	      8 u64 backing file name: offset        64 u64 snapshot table: offset
//	     16 u32 backing file name: length        version 3 only:
//	     20 u32 cluster bits                     72 u64 incompatible features
//	     24 u64 size of the disk                 80 u64 compatible features
//	     32 u32 encryption                       88 u64 autoclear features
//	     36 u32 L1 table: entries                96 u32 refcount order: 2^n bits for each count
//	     40 u64 L1 table: offset                100 u32 length of the header
//	     48 u64 refcount table: offset          104 u8  compression: 0 deflate, 1 zstd
//
// Header extensions follow, and then the name of the backing file. Two tables lead from a place on the disk to its cluster:
//
//	place ──> L1 table (contiguous) ──> L2 table (one cluster) ──> cluster of data
//
//	L1 entry   bits 9..55 offset of the L2 table, 63 "copied": its refcount is 1
//	L2 entry   bits 9..55 offset of the cluster, 0 "reads as zero" (version 3), 62 "compressed", 63 "copied"
//	           a compressed one has x = 62 - (cluster bits - 8): bits 0..x-1 offset in bytes, x..61 further sectors of 512 bytes
//	           extended: a second word follows, with bits for the 32 parts of the cluster: 0..31 allocated, 32..63 read as zero
//
// An entry of 0 shows the backing file, or zeros without one. The refcount table leads to refcount blocks, one cluster each,
// which hold a count for each cluster of the file. A cluster is counted once for each L1 table from which it is reached.
//
// Every field that has to change together lies in the first 512 bytes of the file. So a commit writes new clusters only, and
// then this one sector (see Edit).
package qcow2
