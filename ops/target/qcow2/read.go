package qcow2

import "io"

// parts is the number of parts into which an extended entry divides a cluster.
const parts = 32

// A run is a part of the disk whose bytes come from one place.
type run struct {
	kind entryKind
	n    int64 // bytes
	host int64 // where they lie in the file, for normal
	from entry // for packed: the entry of the whole cluster
}

// run returns the run at off, which must lie on the disk. It ends at the latest where the cluster ends.
func (im *Image) run(off int64) (run, error) {
	c := im.cluster()
	g, in := off/c, off%c
	e, err := im.entry(g)
	if err != nil {
		return run{}, err
	}
	r := run{kind: e.kind(), n: min(c-in, im.Size()-off), host: e.host() + in, from: e}
	if !im.Extended || r.kind == packed {
		return r, nil
	}
	part := c / parts
	i := int(in / part)
	kind := e.partKind(i)
	last := i + 1
	for last < parts && e.partKind(last) == kind {
		last++
	}
	r.kind, r.n = kind, min(int64(last)*part-in, im.Size()-off)
	return r, nil
}

// partKind returns where part i of the cluster of an extended entry comes from.
func (e entry) partKind(i int) entryKind {
	switch {
	case e.parts>>i&1 != 0:
		return normal
	case e.parts>>(i+parts)&1 != 0:
		return zero
	}
	return unallocated
}

// ReadAt reads the disk. A read that does not fit on it returns io.EOF with what there is.
func (im *Image) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= im.Size() {
		return 0, io.EOF
	}
	whole := len(p)
	p = p[:min(int64(whole), im.Size()-off)]
	for done := 0; done < len(p); {
		r, err := im.run(off + int64(done))
		if err == nil {
			err = im.readRun(r, p[done:min(int64(len(p)), int64(done)+r.n)], off+int64(done))
		}
		if err != nil {
			return done, err
		}
		done += int(min(r.n, int64(len(p)-done)))
	}
	if len(p) < whole {
		return len(p), io.EOF
	}
	return len(p), nil
}

// readRun reads the beginning of a run that lies at off.
func (im *Image) readRun(r run, p []byte, off int64) error {
	switch r.kind {
	case normal:
		return readFull(im.store, p, r.host)
	case packed:
		cluster, err := im.unpack(r.from, off/im.cluster())
		if err == nil {
			copy(p, cluster[off%im.cluster():])
		}
		return err
	case unallocated:
		if im.backing != nil {
			return readFull(im.backing, p, off)
		}
	case zero:
	}
	clear(p)
	return nil
}

// unpack returns the bytes of the compressed cluster g. They must not be changed.
func (im *Image) unpack(e entry, g int64) ([]byte, error) {
	im.mu.Lock()
	b := im.unpacked.get(g)
	im.mu.Unlock()
	if b != nil {
		return b, nil
	}
	off, n := e.span(im.ClusterBits)
	stream := make([]byte, n)
	if err := readFull(im.store, stream, off); err != nil {
		return nil, err
	}
	b = make([]byte, im.cluster())
	if err := inflate(im.Compression, b, stream); err != nil {
		return nil, corrupt("the compressed cluster of disk byte %d, at byte %d of the file, cannot be unpacked (%v)", g*im.cluster(), off, err)
	}
	im.mu.Lock()
	im.unpacked.put(g, b)
	im.mu.Unlock()
	return b, nil
}

// Data finds the next run [start, end) of the disk at or after off that may hold anything but zeros. It looks at the L2
// tables and the backing file, and not at the clusters.
func (im *Image) Data(off int64) (start, end int64, err error) {
	start = -1
	for at := off; at < im.Size(); {
		n, data, err := im.dataRun(at)
		if err != nil {
			return 0, 0, err
		}
		if data && start < 0 {
			start = at
		}
		if !data && start >= 0 {
			return start, at, nil
		}
		at += n
	}
	if start < 0 {
		start = im.Size()
	}
	return start, im.Size(), nil
}

// dataRun returns the length of a run at off, and whether it may hold anything but zeros.
func (im *Image) dataRun(off int64) (n int64, data bool, err error) {
	c := im.cluster()
	per := im.perL2()
	if g := off / c; im.l1[g/per]&offsetMask == 0 { // the whole L2 table at once
		n = min((g/per+1)*per*c, im.Size()) - off
		return im.backed(off, n)
	}
	r, err := im.run(off)
	if err != nil {
		return 0, false, err
	}
	if r.kind == unallocated {
		return im.backed(off, r.n)
	}
	return r.n, r.kind != zero, nil
}

// backed returns the first run within [off, off+n) of the backing file, as dataRun does.
func (im *Image) backed(off, n int64) (int64, bool, error) {
	if im.backing == nil || off >= im.backing.Size() {
		return n, false, nil
	}
	if below, ok := im.backing.(*Image); ok { // Data would look for the end of the run, which can be far
		k, data, err := below.dataRun(off)
		return min(n, k), data, err
	}
	start, end, err := im.backing.Data(off)
	switch {
	case err != nil:
		return 0, false, err
	case start > off:
		return min(n, start-off), false, nil
	case end <= off: // the end of the backing file
		return n, false, nil
	}
	return min(n, end-off), true, nil
}

// below returns how many bytes of [off, off+n) come from the backing file and may be other than zero.
func (im *Image) below(off, n int64) (total int64, err error) {
	if im.backing == nil {
		return 0, nil
	}
	c, per := im.cluster(), im.perL2()
	for at := off; at < off+n; {
		g, shows := at/c, true
		length := min((g/per+1)*per*c, off+n) - at // as far as the L2 table reaches
		if im.l1[g/per]&offsetMask != 0 {
			r, err := im.run(at)
			if err != nil {
				return 0, err
			}
			length, shows = min(r.n, off+n-at), r.kind == unallocated
		}
		if shows {
			n, err := im.shown(at, length)
			if err != nil {
				return 0, err
			}
			total += n
		}
		at += length
	}
	return total, nil
}

// shown returns how many bytes of [off, off+n) of the backing file may be other than zero.
func (im *Image) shown(off, n int64) (total int64, err error) {
	for end := off + n; off < end; {
		k, data, err := im.backed(off, end-off)
		if err != nil {
			return 0, err
		}
		if data {
			total += k
		}
		off += k
	}
	return total, nil
}
