package ops

import (
	"shunt/model"
	"shunt/model/safetext"
)

// Flatten copies what the image shows of its backing files into it. It needs none of them afterwards.
type Flatten struct{ wholeImage }

// Describe returns "Copy what the image shows of its backing file into it, so that it stands alone".
func (o Flatten) Describe(model.Disk) Phrase {
	return phrase(copying, "what the image shows of its backing file into it, so that it stands alone")
}

// Apply returns the disk, which stays as it is.
func (o Flatten) Apply(before model.Disk, env Env) (model.Disk, error) {
	r := &Refusal{What: "flatten the image"}
	switch {
	case env.Layers == nil:
		r.Reason = noLayers
	case env.Layers.Backing() == "":
		r.Reason = "it has no backing file"
	default:
		r.Reason = seen(env.Layers)
	}
	if !r.Reason.OK() {
		return before, r
	}
	return before, nil
}

// seen is the reason why snapshots forbid another backing file, or "".
func seen(l *Layers) model.Reason {
	if n := len(l.Snapshots()); n > 0 {
		return model.Because("its snapshots (%d) show the backing file too, and would change with it: delete them first, or convert the "+
			"image with `qemu-img convert`, which leaves them behind", n)
	}
	return ""
}

// Steps returns the one step.
func (o Flatten) Steps(_, _ model.Disk) []Step { return []Step{{Kind: StepFlatten, Ref: "image"}} }

// Rebase gives the image another backing file. Where that shows something else, what the image shows now is copied into it,
// so the disk stays as it is.
type Rebase struct {
	wholeImage
	Base Other
	Name string // of the backing file, as the image records it
}

// Describe returns `Put the image on the backing file "base.qcow2" (qcow2)`.
func (o Rebase) Describe(model.Disk) Phrase {
	return phrase(Verb{"put", "putting", "put"}, "the image on the backing file %s (%s)", safetext.Quoted(safetext.Printable(o.Name)), o.Base.Format)
}

// Apply returns the disk, which stays as it is.
func (o Rebase) Apply(before model.Disk, env Env) (model.Disk, error) {
	r := &Refusal{What: "change the backing file"}
	const mostName = 1023 // bytes
	switch {
	case env.Layers == nil:
		r.Reason = noLayers
	case !o.Base.NoBacking.OK():
		r.Reason = o.Base.NoBacking
	case !env.Layers.Finds(o.Name, o.Base.Path):
		r.Reason = model.Because("the image would not find it by the name %s", safetext.Quoted(safetext.Printable(o.Name)))
	case len(o.Name) > mostName:
		r.Reason = model.Because("its name has %d bytes, and the format stores %d at most", len(o.Name), mostName)
	default:
		r.Reason = seen(env.Layers)
	}
	if !r.Reason.OK() {
		return before, r
	}
	return before, nil
}

// Steps returns the one step.
func (o Rebase) Steps(_, _ model.Disk) []Step {
	return []Step{{Kind: StepRebase, Ref: "image", Path: o.Base.Path, Label: o.Name, Format: o.Base.Format}}
}

// Commit writes all that an overlay of the image has of its own into the image.
type Commit struct {
	wholeImage
	Overlay Other
}

// Describe returns `Write what over.qcow2 has of its own into the image`.
func (o Commit) Describe(before model.Disk) Phrase {
	words := phrase(Verb{"write", "writing", "wrote"}, "what %s has of its own into the image", safetext.Printable(o.Overlay.Path))
	if more := o.Overlay.Result.Sectors - before.Sectors; more > 0 && o.Overlay.NoOverlay.OK() {
		words = words.with(", which grows by ", amount(before.SectorSize.Bytes(more)))
	}
	return words
}

// Apply returns the disk as the overlay shows it.
func (o Commit) Apply(before model.Disk, _ Env) (model.Disk, error) {
	const what = "commit the overlay"
	after := o.Overlay.Result
	switch {
	case !o.Overlay.NoOverlay.OK():
		return before, &Refusal{What: what, Reason: o.Overlay.NoOverlay}
	case !before.Image.OfSize.OK() && after.Sectors != before.Sectors:
		return before, &Refusal{What: what, Reason: "the overlay is longer, and " + before.Image.OfSize}
	case before.Image.Longest > 0 && after.SectorSize.Bytes(after.Sectors) > before.Image.Longest:
		return before, &Refusal{What: what, Reason: "the overlay is longer than the clusters of the image can address"}
	}
	after.Image, after.Fixed = before.Image, before.Fixed
	return after, nil
}

// Steps returns the one step.
func (o Commit) Steps(_, _ model.Disk) []Step {
	return []Step{{Kind: StepCommit, Ref: "image", Path: o.Overlay.Path}}
}

func (o Commit) consequences() []string {
	return []string{"The image becomes what the overlay shows, with its partition table. The overlay stays, and shows the same as before."}
}
