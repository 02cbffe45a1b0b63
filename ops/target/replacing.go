package target

import (
	"context"
	"os"

	"shunt/model"
)

// A Replacing target is an image in a format whose size cannot change in place (Fixed is true), or that cannot give room back.
// Such an edit writes a new image of the whole disk beside the old one, which then takes its name. Other edits are made in
// place, by the methods of Device.
type Replacing interface {
	Target

	// ImageState says what the format makes of a new size: Renews is true.
	ImageState() model.ImageState
	// InPlace fails with ErrReplaced if the image's path leads to another file than the one that was opened.
	InPlace() error
	// Grain is how much room the format gives at a time to a part of the disk that holds anything, in bytes.
	Grain() int64
	// Renew writes an image of n into an empty regular file that is open for reading and writing, in the format and sub-format of
	// the target and with its properties, as far as the format lets them be chosen. n.Size is a size that the format can have
	// (model.ImageState.Rounded), n.Content is as long, and n.Backing is "". Parts of Content without data become holes of the
	// image. Renew has the format's own checker look at the result, and syncs the file. The file need not have a name, and its
	// name means nothing: an image that keeps one inside keeps that of the target. After an error, also that of ctx, the file
	// holds anything. The target is only read.
	Renew(ctx context.Context, f *os.File, n New) error
	// Reread opens the disk in a file that Renew wrote, to compare it. It reads the file and not what Renew may remember of it.
	// done ends the reading; it is nil after an error.
	Reread(ctx context.Context, f *os.File) (disk Content, done func() error, err error)
}
