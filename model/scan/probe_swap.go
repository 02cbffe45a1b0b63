package scan

import (
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// swapPages lists the page sizes of machines that write swap areas.
var swapPages = []int64{4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10}

// suspended are the signatures of hibernation images, which take the place of the swap signature.
var suspended = []string{"S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001"}

// tuxOnIce begins a swap area that holds a hibernation image of TuxOnIce. The swap signature stays as it is.
const tuxOnIce = "\xed\xc3\x02\xe9\x98\x56\xe5\x0c"

// findSwap looks for Linux swap space and for a hibernation image in it. The first page ends with a signature of 10
// bytes. The header lies at 1 KiB, in the byte order of the machine:
//
//	0 version (4), 1   4 last page (4)   8 bad pages (4)   12 UUID   28 label (16)
//
// Source: mkswap(8) and the kernel's include/linux/swap.h.
func findSwap(w *window) (model.Filesystem, bool) {
	if string(w.at(0, len(tuxOnIce))) == tuxOnIce {
		return swapArea(w, swapPages[0], model.SwSuspend)
	}
	for _, page := range swapPages {
		signature := string(w.at(page-10, 10))
		begins := func(prefix string) bool { return strings.HasPrefix(signature, prefix) }
		switch {
		case slices.ContainsFunc(suspended, begins):
			return swapArea(w, page, model.SwSuspend)
		case signature == "SWAPSPACE2":
			return swapArea(w, page, model.Swap)
		case signature == "SWAP-SPACE":
			return model.Filesystem{
				Kind: model.Swap, Size: geometry.Bytes(w.n), BlockSize: geometry.Bytes(page), Trait: model.OldForm,
				Notes: "of the oldest kind, which Linux no longer uses",
			}, true
		}
	}
	return model.Filesystem{}, false
}

// swapArea reads the header of a swap area. Used is 0 for swap space, because its contents need not be kept, and the
// whole size for a hibernation image.
func swapArea(w *window, page int64, kind model.FSKind) (model.Filesystem, bool) {
	b := w.at(1024, 44)
	if b == nil {
		return model.Filesystem{}, false
	}
	version, last := le.Uint32(b), le.Uint32(b[4:])
	notes, trait := "", model.NoTrait
	if version == 1<<24 {
		version, last = 1, be.Uint32(b[4:])
		notes, trait = "made by a machine of the other byte order", model.OldForm
	}
	if version != 1 || last == 0 {
		if kind == model.Swap {
			return model.Filesystem{}, false
		}
		last = uint32(min(w.n/page, 1<<32-1)) - 1 // the program that wrote the image keeps its header elsewhere
	}
	fs := model.Filesystem{
		Kind: kind, UUID: uuidText(b[12:28]), Label: text(b[28:44]), Trait: trait, Notes: notes,
		Size: geometry.Bytes((int64(last) + 1) * page), BlockSize: geometry.Bytes(page),
	}
	if kind == model.SwSuspend {
		fs.Used = fs.Size
		fs.Dirty, fs.Trait = "holds a hibernated system", model.Hibernated
		return fs, true
	}
	const fewestPages = 10 // mkswap(8) refuses less
	fs.Min = geometry.Bytes(fewestPages * page)
	return fs, true
}
