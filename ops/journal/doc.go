// Package journal keeps the durable record that is needed to finish or roll back an interrupted commit, and to undo a
// complete one. It knows bytes, checksums and the order of syncs. Package txn knows what the bytes mean for a disk.
//
// The journal is a directory beside the target (or where the user put it) with up to six files for each transaction:
//
//	journal   records and program, drawn below
//	spill     new content that the commit writes to the target
//	before    old content that a roll back restores
//	stage     blocks on their way to a new place
//	seal      the state in which the commit left the target, for an undo; if it is renewed, it is called seal.new by turns
//	image     of an image that is replaced by a new file: first that file, and after the commit the old one
//
// After a commit that can be undone, journal, before and seal stay. While they are there, the next transaction uses the
// same names with the first suffix of ".2", ".3" and so on that is free: see Sides. Several transactions can stay, and be undone
// one after the other, the newest first.
//
// # Owners and rights
//
// The directory often lies where other users may create, rename and remove files: in /tmp, or beside a user's image on
// which root works. So it is used through an open handle (Dir) and not through a path. Its parent is opened first, and
// must hold the image that was opened. The directory is opened below it without following links, and checked. All files
// are opened, made and removed below the handle. Each must be a regular file of the directory's owner with no other name,
// and opening it never waits. Making a file never changes the content of an existing one: the old name is removed, and
// only the owner can read the new file. Anything else is an *UnsafeError, and is neither read nor changed.
//
// A directory that others may write to is never used. Otherwise the owner decides:
//
//	the caller                         used
//	the image's owner, and root calls  used with the rights of the image's owner
//	anybody else                       refused
//
// To use the owner's rights, a thread takes that user's identity for files (setfsuid), and gives up root's groups and
// root's capabilities on files. Whatever that user puts into the directory, root then does nothing that the user could not
// do alone. Root makes such a directory where the image and the parent belong to the same user, so that root and that user
// find each other's transactions and can undo them. A directory below /var/lib would be safe too. But the user could not
// see there that the image is in the middle of a transaction, and only on the image's file system can the journal share
// blocks and move along with the image. Everywhere else root makes a directory of its own with mode 0700. In a parent where
// others can rename, such a directory is used only if it looks as if shunt made it, since its name could have been given to
// another directory of root's.
//
// # The file journal
//
// All integers are big-endian. Sectors are 512 bytes. Every copy of a record has a 4096-byte block of its own, since some
// disks write 4096 bytes at a time.
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
//	| order u32 | floor u32 | reserved (4), zero   | CRC-32C of bytes 0… |
//	+--------------------------------------------------------------------+
//
// The direction is 0 forward or 1 backward; the state 0 running, 1 complete, 2 kept. Until the state is kept, the seal's fields
// are zero, or they are those of a seal without times, which says how the only unit will leave the target. A later transaction has a larger order. Those with the orders [floor, order) can be undone after it. Order and
// floor of a transaction that an older version wrote are 0.
//
// Records alternate between the slots, so the newest complete one survives a torn write of its successor. Both copies of a
// record are written at once. A crash can tear at most the sector that is being written, so if both copies are damaged, the
// cause is not a crash. Such a journal is never replayed (ErrDamaged).
//
// The file seal:
//
//	+------------------------+--------------------------------------------+
//	| magic (8)              | modified i64 | changed i64 | born i64      |
//	| 80 "SEAL" 00 00 03     | inode u64 | length of the target u64       |
//	+------------------------+--------------------------------------------+
//	| number of probes u64   | probes: offset u64, length u64, CRC-32C u32 |
//	+------------------------+--------------------------------------------+
//
// The times are those of the target's file, in nanoseconds since 1970. They and the inode are 0 where the host does not
// keep them. A seal of version 2 has no length, which then is that of the program. A seal of version 1 has neither magic nor
// changed, born, inode and length. Both are read as well.
//
// Reading takes memory for the bytes that exist, not for the lengths that they claim. Open checks a program piece by
// piece, each list against the bytes that are left and each write against the target, and keeps only a Summary. Load then
// reads all of it into memory (decode.go).
//
// # Ordering invariants
//
//  1. spill, before and program are written and synced, and the directory is synced, before record 1.
//  2. Record 1 is the commit record: without it nothing happened, with it the transaction ends in one of
//     its two states.
//  3. Record "next = k" is synced only after every unit before k is durable on the target, and unit k is
//     started only after that record is synced. So after a crash only unit k may be half done, and units are
//     made so that one can be repeated without harm.
//  4. The record "kept" is synced only after the seal is. With it the transaction is complete, and spill and
//     stage may be removed.
//  5. Right after a commit record, before the target changes, all kept transactions are removed that its floor does not admit: all,
//     unless the target was as the newest of them left it, and an undo of the new one leads back to exactly that. So the newest kept
//     transaction always belongs to the present state of the target, and each below it to the state to which the undo of the one
//     above leads.
//  6. An undo begins with the record "running, backward, next = 0" on the same journal, and is a roll back from then on.
//  7. After the last unit of a roll back, the newest transaction below gets a new seal, since the times of the target are new: the
//     target is compared with the old seal, the new one is written under the other name and synced, and only then that
//     transaction's record refers to it. Only when that record is synced may the one that was rolled back say "complete".
//
// From 3 to 7 follows that a crash leaves the target in one of its states, and at worst fewer transactions that can be undone.
// Nobody may write to the target between a crash and the recovery; what somebody writes between transactions is noticed, by the
// times and the content that a seal holds.
package journal
