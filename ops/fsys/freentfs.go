package fsys

import (
	"io"

	"shunt/model"
	"shunt/model/scan"
)

// ntfsFree adds the free clusters of an NTFS volume, which are the zeros of $Bitmap. The clusters of the files that every
// volume has must be ones.
func ntfsFree(r *io.SectionReader, _ model.Filesystem, list *freeList) error {
	m, ok, err := scan.MapNTFS(r, 0, r.Size())
	if err != nil || !ok {
		return doubtful(err)
	}
	bits := zeroBits{n: m.Clusters, add: func(from, to int64) { list.add(from*m.Cluster, to*m.Cluster) }}
	b := make([]byte, 64<<10)
	for _, run := range m.Bitmap {
		for at := int64(0); at < run.Len && bits.at < bits.n; at += int64(len(b)) {
			piece := b[:min(int64(len(b)), run.Len-at)]
			if err := readFull(r, piece, run.Off+at); err != nil {
				return err
			}
			bits.read(piece)
		}
	}
	if bits.at < bits.n || list.touches(0, 1) {
		return errDoubt
	}
	for _, run := range append(m.System, m.Bitmap...) {
		if list.touches(run.Off, run.Off+run.Len) {
			return errDoubt
		}
	}
	return nil
}
