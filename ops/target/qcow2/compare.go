package qcow2

import "cmp"

// compare compares the counts in the refcount blocks with the references.
func (w *walk) compare(offsets []int64) error {
	im, c := w.im, w.check
	b, per := blocks{im: im, offsets: offsets, at: -1}, im.perBlock()
	for i := range max(int64(len(offsets)), ceil(c.refs.end, per)) {
		counts := []byte(nil) // without them all are 0
		if i < int64(len(offsets)) && offsets[i] != 0 {
			if err := cmp.Or(w.ctx.Err(), b.load(i)); err != nil {
				return err
			}
			if !b.empty {
				counts = b.bytes
			}
		}
		for g := i * per; g < (i+1)*per; {
			page, end := c.refs.at(g/countPage), min((i+1)*per, (g/countPage+1)*countPage)
			for ; g < end && (page != nil || counts != nil); g++ {
				stored, found := uint64(0), uint64(0)
				if counts != nil {
					stored = count(counts, g-i*per, im.RefcountBits)
				}
				if page != nil {
					found = uint64(page[g%countPage])
				}
				if stored != found || found == tooLarge {
					c.differs(g, stored, im.cluster())
				}
			}
			g = end
		}
	}
	return nil
}

// differs notes a cluster whose count may not be the number of its references.
func (c *Check) differs(g int64, stored uint64, cluster int64) {
	switch found := c.refs.get(g); {
	case stored > found:
		c.leaked(g, stored, cluster)
	case stored < found:
		c.Errors.add(g, stored, found)
	}
}

// leaked notes a cluster with a count that is too high.
func (c *Check) leaked(g int64, stored uint64, cluster int64) {
	c.Leaks.add(g, stored, c.refs.get(g))
	if c.refs.get(g) > 0 {
		c.high[g] = stored
		return
	}
	c.Space.Leaked += cluster
	if n := len(c.lost); n > 0 && c.lost[n-1].end == g {
		c.lost[n-1].end++
		return
	}
	c.lost = append(c.lost, clusters{g, g + 1})
}

// clusters is the run [start, end) of clusters of the file.
type clusters struct{ start, end int64 }

// marks compares the mark "copied" of all entries of the active tree with the counts.
func (w *walk) marks() error {
	im, c := w.im, w.check
	mapped, all := int64(0), im.clusters()
	defer func() { c.Preallocated = mapped == all && mapped > 0 }()
	one := func(word uint64, host int64) {
		g := host >> im.ClusterBits
		n := c.refs.get(g)
		if len(c.high) > 0 {
			n = max(n, c.high[g])
		}
		if (word&copied != 0) != (n == 1) {
			c.Copied.add(g, n, 0)
		}
	}
	for i, word := range im.l1 {
		off, err := im.checkL1(word, i)
		if err != nil {
			return err
		}
		if off == 0 {
			if word&copied != 0 {
				c.Copied.add(0, 0, 0)
			}
			continue
		}
		one(word, off)
		err = im.eachEntry(off, func(j int64, e entry) error {
			if e.kind() != packed && e.host() != 0 {
				one(e.word, e.host())
				if int64(i)*im.perL2()+j < all {
					mapped++
				}
			}
			return nil
		})
		if err := cmp.Or(w.ctx.Err(), err); err != nil {
			return err
		}
	}
	return nil
}
