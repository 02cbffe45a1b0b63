package table

import "bytes"

// A table from which Hide has taken partitions is marked, so that an image whose journal was lost sight of, by being
// renamed for example, is not taken for an empty one. The mark lies where nothing else is kept and nobody looks:
//
//	MBR   bytes 444 and 445, behind the signature of the disk   "SH"
//	GPT   the last 16 of the first 512 bytes of each header     "shunt unfinished"
//
// Whatever ends the transaction writes these sectors anyway, as they are to be.
const (
	mbrMarkAt = 444
	mbrMark   = "SH"
	gptMarkAt = 496
	gptMark   = "shunt unfinished"
)

func markMBR(sector []byte) { copy(sector[mbrMarkAt:], mbrMark) }

func markGPT(header []byte) { copy(header[gptMarkAt:], gptMark) }

func mbrMarked(sector []byte) bool { return bytes.HasPrefix(sector[mbrMarkAt:], []byte(mbrMark)) }

func gptMarked(header []byte) bool { return bytes.HasPrefix(header[gptMarkAt:], []byte(gptMark)) }

// unfinished is what a mark says. It makes the disk read-only: what looks free is not.
func (r *report) unfinished() {
	r.fatal("run `{recover}`; if the image was renamed or copied since, first put its journal, the directory NAME.shunt that "+
		"lay beside it, beside it again under its new name",
		"a transaction of shunt was interrupted here: partitions are hidden until it is finished or rolled back")
}
