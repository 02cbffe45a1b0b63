package qcow2

import (
	"context"
	"errors"

	"shunt/ops/target"
)

// Release implements target.Switching: it moves clusters from the end of the file to free ones further down, cuts the file
// behind the last cluster that is used, and punches those that nothing refers to. While there are undos it moves nothing: they
// need the present header, even if the disk uses all clusters that they need.
func (d *Disk) Release(undos bool, kept []target.Part) error {
	im, _ := d.now()
	check, err := im.Walk(context.Background())
	if err != nil {
		return err
	}
	if check.Errors.Count > 0 {
		return nil // counts that are too low say nothing about what is free
	}
	stays := touched(kept, im.cluster())
	for i := 0; i < compactPasses && !undos; i++ {
		changed, err := im.compact(context.Background(), check, d.host)
		if err != nil {
			return err
		}
		if !changed {
			break
		}
		if err := d.Refresh(); err != nil {
			return err
		}
		im, _ = d.now()
		if check, err = im.Walk(context.Background()); err != nil {
			return err
		}
	}
	end := max(check.refs.end, lastOf(check.lost), lastOf(stays))
	if size := d.host.Size(); size < end*im.cluster() {
		end = ceil(size, im.cluster()) // it was cut before
	} else if size > end*im.cluster() {
		if err := d.host.Truncate(end * im.cluster()); err != nil {
			return err
		}
	}
	return errors.Join(d.punch(allocator{refs: check.refs, lost: check.lost, kept: stays}, im.cluster(), end), d.host.Sync())
}

// punch gives the clusters before end that are free back to the file system of the host.
func (d *Disk) punch(a allocator, cluster, end int64) error {
	free := clusters{}
	punch := func() error {
		if free.end == free.start {
			return nil
		}
		off, n := free.start*cluster, min(free.end*cluster, d.host.Size())-free.start*cluster
		start, _, err := d.host.Data(off)
		if err != nil || start >= off+n {
			return err
		}
		return d.host.Punch(off, n)
	}
	for g := int64(1); g < end; g++ {
		switch {
		case !a.free(g):
		case g == free.end:
			free.end++
		default:
			if err := punch(); err != nil {
				return err
			}
			free = clusters{g, g + 1}
		}
	}
	return punch()
}

func lastOf(list []clusters) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].end
}
