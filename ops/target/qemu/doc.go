// Package qemu is the driver of the image formats that QEMU knows and no other driver does. qemu-storage-daemon reads and
// writes them and serves the disk to this process by NBD, on a socket that nobody else can reach:
//
//	this process ── nbd.Client ── socket ── qemu-storage-daemon ── image file
//	      └──────────────── locks (held.File) ─────────────────────────┘
//
// There is no mount, no kernel driver and no need for root. The daemon runs in a sandbox in which it can open the files of
// the image and nothing else: an image can name any file as a part of itself. It ends with this process.
//
// The locks are shunt's own, which are those of QEMU, so the daemon takes none on the image. Extents of an image, other files
// that hold parts of the disk, are held as backing files are.
//
// A target is opened in two processes, the session's and the worker's, and each has a daemon of its own. Only that of
// AllowWrites writes. The others begin anew with Refresh, since a daemon keeps the format's tables in its memory.
//
// The formats have no marks for holes that can be relied on: what is punched there may keep its old bytes. Zeros are
// therefore written, except where the disk reads as zero already. The size of a disk never changes here: for that
// the driver writes a new image (Renew), which takes the name of the old one.
package qemu
