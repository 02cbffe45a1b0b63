package qcow2

// blocks reads refcount blocks, and keeps one.
type blocks struct {
	im      *Image
	offsets []int64
	at      int64 // the one that is kept, or -1
	bytes   []byte
	empty   bool // all its counts are 0
}

func (b *blocks) load(i int64) error {
	if i == b.at {
		return nil
	}
	if b.bytes == nil {
		b.bytes = make([]byte, b.im.cluster())
	}
	off := b.offsets[i]
	start, _, err := b.im.store.Data(min(off, b.im.store.Size()))
	b.empty = start >= off+b.im.cluster()
	switch {
	case err != nil:
	case b.empty:
		clear(b.bytes)
	default:
		err = readFull(b.im.store, b.bytes, off)
	}
	b.at = i
	if err != nil {
		b.at = -1
	}
	return err
}
