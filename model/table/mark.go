package table

import "bytes"

// A table from which Hide has removed partitions is marked. Otherwise an image that lost its journal, for example because
// it was renamed, would look empty. The mark is in bytes that have no other use:
//
//	MBR   bytes 444 and 445, behind the signature of the disk   "SH"
//	GPT   the last 16 of the first 512 bytes of each header     "shunt unfinished"
//
// The end of the transaction writes these sectors without the mark.
var (
	mbrMark = mark{444, "SH"}
	gptMark = mark{496, "shunt unfinished"}
)

type mark struct {
	at   int
	text string
}

func (m mark) put(sector []byte) { copy(sector[m.at:], m.text) }

func (m mark) in(sector []byte) bool { return bytes.HasPrefix(sector[m.at:], []byte(m.text)) }

// unfinished reports the mark. It makes the disk read-only, because space that looks free may not be.
func (r *report) unfinished() {
	r.barred("run `{recover}`; if the image was renamed or copied since, first put its journal, the directory NAME.shunt that "+
		"lay beside it, beside it again under its new name",
		"a transaction of shunt was interrupted here: partitions are hidden until it is finished or rolled back")
}
