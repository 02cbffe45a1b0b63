package qcow2

import (
	"maps"
	"slices"
)

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
	pages map[int64]*[countPage]uint16
	large map[int64]uint64 // numbers that do not fit
	most  int              // pages
	limit int64            // clusters that the image can count
	end   int64            // behind the last cluster that is not zero
}

// newCounts returns counts for the clusters of an image. One that was cut names clusters behind the end of its file. Some
// are counted, so that it can still be read.
func (im *Image) newCounts() *counts {
	const spare = 1024
	n := ceil(im.store.Size(), im.cluster())
	return &counts{
		pages: map[int64]*[countPage]uint16{}, large: map[int64]uint64{}, most: int(ceil(n, countPage)) + spare,
		limit: max(n, int64(im.refTable.entries)*im.perBlock()),
	}
}

const tooLarge = 1<<16 - 1

func (c *counts) get(i int64) uint64 {
	page := c.pages[i/countPage]
	if page == nil {
		return 0
	}
	if n := page[i%countPage]; n < tooLarge {
		return uint64(n)
	}
	return c.large[i]
}

// add adds n to the count of cluster i. It fails if the image names far more clusters than the file has.
func (c *counts) add(i int64, n int64) error {
	page := c.pages[i/countPage]
	if page == nil {
		if len(c.pages) >= c.most || i >= c.limit {
			return corrupt("it names clusters far behind the end of the file, for example cluster %d", i)
		}
		page = new([countPage]uint16)
		c.pages[i/countPage] = page
	}
	sum := c.get(i) + uint64(n)
	if sum >= tooLarge {
		page[i%countPage], c.large[i] = tooLarge, sum
	} else {
		page[i%countPage] = uint16(sum)
	}
	if sum != 0 {
		c.end = max(c.end, i+1)
	}
	return nil
}

// each calls do for the clusters whose count is not 0, in order, until it fails.
func (c *counts) each(do func(i int64, n uint64) error) error {
	for _, p := range slices.Sorted(maps.Keys(c.pages)) {
		for j, n := range c.pages[p] {
			if n == 0 {
				continue
			}
			i := p*countPage + int64(j)
			if err := do(i, c.get(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
