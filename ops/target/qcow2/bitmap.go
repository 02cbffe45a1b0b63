package qcow2

import "context"

// bitmaps counts what the persistent bitmaps take. QEMU ignores them unless their autoclear bit is set.
func (w *walk) bitmaps() error {
	im := w.im
	ext := im.Header.bitmaps
	if ext == nil || im.auto&autoBitmaps == 0 {
		return nil
	}
	const mostDirectory = 64 << 20
	if ext.length > min(mostDirectory, im.store.Size()) || ext.directory%im.cluster() != 0 || ext.directory >= maxOffset {
		return corrupt("its directory of bitmaps would be %d bytes long at byte %d", ext.length, ext.directory)
	}
	if err := w.refer(ext.directory, ext.length, 1); err != nil {
		return err
	}
	directory := make([]byte, ext.length)
	if err := readFull(im.store, directory, ext.directory); err != nil {
		return err
	}
	for i := range ext.count {
		const head = 24
		if len(directory) < head {
			return corrupt("its directory of bitmaps ends before bitmap %d", i+1)
		}
		off, n := int64(be.Uint64(directory)&(1<<63-1)), int64(be.Uint32(directory[8:]))*8
		length := ceil(head+int64(be.Uint16(directory[18:]))+int64(be.Uint32(directory[20:])), 8) * 8
		if length > int64(len(directory)) {
			return corrupt("its directory of bitmaps ends within bitmap %d", i+1)
		}
		directory = directory[length:]
		if err := w.bitmap(off, n, i); err != nil {
			return err
		}
	}
	return nil
}

// bitmap counts the table of bitmap i, n bytes at off, and its clusters.
func (w *walk) bitmap(off, n int64, i int) error {
	im := w.im
	if off%im.cluster() != 0 || off >= maxOffset || off+n > im.store.Size() {
		return corrupt("the table of bitmap %d would be %d bytes long at byte %d", i+1, n, off)
	}
	if err := w.refer(off, n, 1); err != nil {
		return err
	}
	const chunk = 1 << 20
	for at := int64(0); at < n; at += chunk {
		b := make([]byte, min(chunk, n-at))
		if err := readFull(im.store, b, off+at); err != nil {
			return err
		}
		for _, word := range words(b) {
			// Without an offset, bit 0 says that all bits of the cluster are set.
			host := int64(word & offsetMask)
			if host == 0 {
				continue
			}
			if host%im.cluster() != 0 {
				return corrupt("bitmap %d has a cluster at byte %d, which is not aligned", i+1, host)
			}
			if err := w.refer(host, im.cluster(), 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropBitmaps gives back what the persistent bitmaps take, and clears the bits that promise something of what changes.
func (e *Edit) dropBitmaps() error {
	im := e.im
	if im.Version < 3 {
		return nil
	}
	be.PutUint64(e.sector[88:], 0)
	if !im.hasBitmaps() {
		return nil
	}
	if at := im.Header.bitmaps.at; at+4 <= sectorLen {
		be.PutUint32(e.sector[at:], extDropped) // QEMU would warn of bitmaps that are out of date
	}
	w := walk{im: im, ctx: context.Background(), check: &Check{refs: im.newCounts()}, into: new(int64)}
	if err := w.bitmaps(); err != nil {
		return err
	}
	return w.check.refs.each(func(g int64, n uint64) error {
		e.change.add(g*im.cluster(), 1, im.cluster(), -int32(n))
		return nil
	})
}
