package model

import "shunt/geometry"

// ImageFile describes the file of a disk image in a format of its own: what lies around the disk, and not in it.
type ImageFile struct {
	Version     string         `json:"version"`
	Cluster     geometry.Bytes `json:"cluster_size"`
	CountBits   int            `json:"refcount_bits"`
	Compression string         `json:"compression"`
	Lazy        bool           `json:"lazy_refcounts"`
	Parts       bool           `json:"extended_l2"`
	File        geometry.Bytes `json:"file_size"`
	Allocated   geometry.Bytes `json:"allocated"` // on the file system of the host
	// Snapshots are the internal snapshots, Bitmaps is the number of persistent bitmaps.
	Snapshots []ImageSnapshot `json:"snapshots"`
	Bitmaps   int             `json:"bitmaps"`
	// Chain holds the backing files, from the nearest to the base.
	Chain []ImageLayer `json:"backing_chain"`
	// Uses says for what the room in the file is used. It is nil if the references could not be followed.
	Uses []ImageUse `json:"uses"`
	// Preallocated says that every cluster of the disk has its place in the file.
	Preallocated bool `json:"preallocated"`
	// Faults says what is wrong with the format itself.
	Faults []string `json:"faults,omitempty"`
	// Repairable says that a repair can mend all of them.
	Repairable bool `json:"repairable"`
	// Unread names programs that may not open the image, and why.
	Unread []string `json:"not_for,omitempty"`
}

// ImageState is what an image's own format asks for before the disk in it can be edited.
type ImageState struct {
	// Faults is the reason why a writer must not rely on the format's tables.
	Faults Reason
	// Leaks says that there are clusters that only take room. RepairImage gives them back.
	Leaks bool
	// Bitmaps is the number of persistent bitmaps. An edit makes them worthless.
	Bitmaps int
	// OfSize is the reason why the size cannot change, and Longest the largest size in bytes that the format allows for this
	// image; 0 means that there is no such limit.
	OfSize  Reason
	Longest geometry.Bytes
	// Maps says that the format has tables that lead from the disk to its file, and Preallocated that they give every place
	// of the disk one in the file. An edit keeps that.
	Maps, Preallocated bool
	// Renews says that the size cannot change in place: the edited disk is written into a new image, which takes the name.
	// Cylinders says that the disk of such an image is as long as a VHD's geometry.
	Renews, Cylinders bool
}

// Rounded returns the size of the disk that an image gets if it is to be n bytes long: n, or a little more. It is a multiple of a
// sector if n is.
func (s ImageState) Rounded(n geometry.Bytes, z geometry.SectorSize) geometry.Bytes {
	if !s.Cylinders {
		return n
	}
	size := geometry.VHDSize(n)
	for size%geometry.Bytes(z) != 0 {
		size = geometry.VHDSize(size + 1)
	}
	return size
}

// Prealloc says what is allocated in the file for a part of a disk before anything is written there.
type Prealloc string

// Kinds of preallocation. The zero value stays with what the image has: a preallocated one stays so.
const (
	PreallocOff      Prealloc = "off"
	PreallocMetadata Prealloc = "metadata" // the format's tables give it a place in the file, which is a hole
	PreallocFalloc   Prealloc = "falloc"   // it also has room on the host's file system
)

// Allocates reports whether a place of the disk gets one in the file.
func (p Prealloc) Allocates() bool { return p == PreallocMetadata || p == PreallocFalloc }

// Words returns what follows the description of an edit: ", preallocated (metadata)".
func (p Prealloc) Words() string {
	switch p {
	case PreallocOff:
		return ", not preallocated"
	case PreallocMetadata, PreallocFalloc:
		return ", preallocated (" + string(p) + ")"
	}
	return ""
}

// An ImageSnapshot is one internal snapshot of an image.
type ImageSnapshot struct {
	ID    string         `json:"id"`
	Name  string         `json:"name"`
	Made  int64          `json:"made"` // seconds since 1970
	Size  geometry.Bytes `json:"size,omitempty"`
	State geometry.Bytes `json:"vm_state,omitempty"`
}

// An ImageLayer is a backing file.
type ImageLayer struct {
	Path   string         `json:"path"`
	Format string         `json:"format"`
	Size   geometry.Bytes `json:"size"` // of its disk
	File   geometry.Bytes `json:"file_size"`
}

// An ImageUse is room in the file of an image.
type ImageUse struct {
	What  string         `json:"what"`
	Bytes geometry.Bytes `json:"bytes"`
}
