// Package journal is the durable record with which a broken commit can be finished or rolled back, and a complete one
// undone. It knows bytes, checksums and the order of syncs; package txn knows what the bytes mean for a disk.
//
// The journal is a directory beside the target (or where the user put it) with up to five files:
//
//	journal   records and program, drawn below
//	spill     new content: what the commit places on the target
//	before    old content: what a roll back puts back
//	stage     blocks that are overwritten before they have reached their new place
//	seal      the state in which the commit left the target, for an undo
//
// After a commit that can be undone, journal, before and seal stay. While they are there, the next
// transaction uses the same names with ".2" behind them, and the one after that the plain ones again: see Sides.
//
// # Owners and rights
//
// The directory often lies where other users may create, rename and remove: beside a user's image on which root works, or
// in /tmp. So it is a handle (Dir) and not a path. Its parent is opened first, and must hold the same image that was
// opened. The directory is opened below it without following links, and checked. All files are opened, made and removed
// below the handle. Each must be a regular file of the directory's owner with no other name, and opening it never waits.
// Making a file never changes the content of an existing one: the old name is removed, and the new file is readable for its
// owner alone. Anything else is an *UnsafeError, and is neither read nor changed.
//
// A directory that others may write to is never used. Otherwise the owner decides:
//
//	the caller                         used
//	the image's owner, and root calls  used with the rights of the image's owner
//	anybody else                       refused
//
// To use the owner's rights, a thread takes that user's identity for files (setfsuid), and has neither root's groups nor
// root's capabilities on files. Whatever that user puts into the directory, root then does nothing that the user could not
// do alone. Root makes such a directory where the image and the parent belong to the same user, so that root and that user
// find each other's transactions and can undo them. A directory below /var/lib would be safe too, but the user could not
// see that the image is in the middle of a transaction, and the journal would not be on the image's file system, where it
// can share blocks and moves along with the image. Everywhere else root makes a directory of its own with mode 0700: for
// its own images, and for those in directories of root or of third users. In a parent where others can rename, such a
// directory is used only if it looks as shunt made it, since its name could have been given to another directory of root's.
//
// # The file journal
//
// All integers are big-endian. Sectors are 512 bytes and, for disks that write 4096 bytes at a time, every
// record copy has a 4096-byte block of its own.
//
//	offset
//	     0  record slot A, copy 1 (one sector, padded to 4096)
//	  4096  record slot A, copy 2
//	  8192  record slot B, copy 1
//	 12288  record slot B, copy 2
//	 16384  program, Record.ProgramLen bytes
//
// A record, 128 bytes:
//
//	+----------------+---------+-----------+-------+---------------------+
//	| magic (8)      | version | direction | state | reserved (2)        |
//	| "SHUNTJNL"     | u32 = 1 | u8        | u8    |                     |
//	+----------------+---------+-----------+-------+---------------------+
//	| sequence u64   | next u32 | from u32 | program length u64          |
//	+----------------+----------+----------+-----------------------------+
//	| program SHA-256 (32)                                               |
//	+--------------------------------------------------------------------+
//	| seal length u64 | seal SHA-256 (32)                                |
//	+--------------------------------------------------------------------+
//	| reserved (12), zero                          | CRC-32C of bytes 0… |
//	+--------------------------------------------------------------------+
//
// The direction is 0 forward or 1 backward; the state 0 running, 1 complete, 2 kept. The seal's fields are zero until
// the state is kept.
//
// Records alternate between the slots, so the newest complete one survives a torn write of its successor.
// Both copies of a record are written at once: a crash can tear at most the sector in flight, so two
// damaged copies are not a crash but damage, and damage is never replayed (ErrDamaged).
//
// The file seal:
//
//	+------------------------+--------------------------------------------+
//	| magic (8)              | modified i64 | changed i64 | born i64      |
//	| 80 "SEAL" 00 00 02     | inode u64                                  |
//	+------------------------+--------------------------------------------+
//	| number of probes u64   | probes: offset u64, length u64, CRC-32C u32 |
//	+------------------------+--------------------------------------------+
//
// The times are those of the target's file, in nanoseconds since 1970. They and the inode are 0 where the host does not
// keep them. A seal of version 1 has neither magic nor changed, born and inode, and is read as well.
//
// The memory for what is read is bounded by the bytes that exist, not by the lengths they claim: Open checks a program
// piece by piece, each list against the bytes that are left and each write against the target, and keeps only a Summary.
// Load then takes the memory for all of it (decode.go).
//
// # Ordering invariants
//
//  1. spill, before and program are written and synced, and the directory is synced, before record 1.
//  2. Record 1 is the commit record: without it nothing happened, with it the transaction ends in one of
//     its two states.
//  3. Record "next = k" is synced only after every unit before k is durable on the target, and unit k is
//     started only after that record is synced. So at any crash at most one unit is in doubt, and it is
//     unit k: units are made so that doing one of them again is harmless.
//  4. The record "kept" is synced only after the seal is. With it the transaction is complete: nothing is
//     unfinished, and spill and stage may go.
//  5. A transaction that was kept is removed right after the commit record of the next one, before the target changes:
//     no undo ever outlives the state it belongs to.
//  6. An undo begins with the record "running, backward, next = 0" on the same journal, and is a roll back from then on.
package journal
