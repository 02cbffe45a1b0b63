package qcow2

import "iter"

// count reads the count at index i of a refcount block whose counts are bits wide.
func count(block []byte, i int64, bits int) uint64 {
	switch bits {
	case 8:
		return uint64(block[i])
	case 16:
		return uint64(be.Uint16(block[2*i:]))
	case 32:
		return uint64(be.Uint32(block[4*i:]))
	case 64:
		return be.Uint64(block[8*i:])
	}
	per := int64(8 / bits) // in a byte, the lowest bits first
	return uint64(block[i/per]>>(i%per*int64(bits))) & (1<<bits - 1)
}

// setCount stores n, which must fit.
func setCount(block []byte, i int64, bits int, n uint64) {
	switch bits {
	case 8:
		block[i] = byte(n)
	case 16:
		be.PutUint16(block[2*i:], uint16(n))
	case 32:
		be.PutUint32(block[4*i:], uint32(n))
	case 64:
		be.PutUint64(block[8*i:], n)
	default:
		per := int64(8 / bits)
		shift := i % per * int64(bits)
		block[i/per] = block[i/per]&^(byte(1<<bits-1)<<shift) | byte(n)<<shift
	}
}

// countPage is the number of clusters whose counts are kept together.
const countPage = 4096

// counts holds a number for each cluster of the file, and takes memory only where they are not zero.
type counts struct {
	pages []*[countPage]uint16 // nil where all are zero
	made  int                  // pages that are not nil
	large map[int64]uint64     // numbers that do not fit
	most  int                  // pages
	limit int64                // clusters that the image can count
	end   int64                // behind the last cluster that is not zero
}

// newCounts returns counts for the clusters of an image. One that was cut names clusters behind the end of its file. Some
// are counted, so that it can still be read.
func (im *Image) newCounts() *counts {
	const spare = 1024
	n := ceil(im.store.Size(), im.cluster())
	return &counts{
		large: map[int64]uint64{}, most: int(ceil(n, countPage)) + spare, limit: max(n, int64(im.refTable.entries)*im.perBlock()),
	}
}

const tooLarge = 1<<16 - 1

func (c *counts) get(i int64) uint64 {
	p := i / countPage
	if p >= int64(len(c.pages)) || c.pages[p] == nil {
		return 0
	}
	if n := c.pages[p][i%countPage]; n < tooLarge {
		return uint64(n)
	}
	return c.large[i]
}

// at returns page p, or nil if all its counts are zero.
func (c *counts) at(p int64) *[countPage]uint16 {
	if p >= int64(len(c.pages)) {
		return nil
	}
	return c.pages[p]
}

// blocks returns the refcount blocks, of so many clusters each, that have a count that is not zero. One can come again.
func (c *counts) blocks(per int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for p, page := range c.pages {
			if page == nil {
				continue
			}
			last := int64(-1)
			for i, n := range page {
				if b := (int64(p)*countPage + int64(i)) / per; n != 0 && b != last {
					if last = b; !yield(b) {
						return
					}
				}
			}
		}
	}
}

// page returns the page of cluster i. It fails if the image names far more clusters than the file has.
func (c *counts) page(i int64) (*[countPage]uint16, error) {
	p := i / countPage
	if p < int64(len(c.pages)) && c.pages[p] != nil {
		return c.pages[p], nil
	}
	if c.made >= c.most || i >= c.limit {
		return nil, corrupt("it names clusters far behind the end of the file, for example cluster %d", i)
	}
	if more := p + 1 - int64(len(c.pages)); more > 0 {
		c.pages = append(c.pages, make([]*[countPage]uint16, more)...)
	}
	c.pages[p] = new([countPage]uint16)
	c.made++
	return c.pages[p], nil
}

// add adds n to the counts of the clusters of a run, and returns how many of them were zero.
func (c *counts) add(run clusters, n int64) (fresh int64, err error) {
	for i := run.start; i < run.end; {
		page, err := c.page(i)
		if err != nil {
			return fresh, err
		}
		for end := min(run.end, (i/countPage+1)*countPage); i < end; i++ {
			was := page[i%countPage]
			if was == 0 {
				fresh++
			}
			if sum := int64(was) + n; was < tooLarge && sum < tooLarge {
				page[i%countPage] = uint16(sum)
			} else {
				sum = int64(c.get(i)) + n
				page[i%countPage], c.large[i] = tooLarge, uint64(sum)
			}
		}
	}
	c.end = max(c.end, run.end)
	return fresh, nil
}

// each calls do for the clusters whose count is not 0, in order, until it fails.
func (c *counts) each(do func(i int64, n uint64) error) error {
	for p, page := range c.pages {
		if page == nil {
			continue
		}
		for j, n := range page {
			if n == 0 {
				continue
			}
			i := int64(p)*countPage + int64(j)
			if err := do(i, c.get(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
