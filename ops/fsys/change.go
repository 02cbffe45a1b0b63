package fsys

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops"
)

// A job is one change to the file system in a window.
type job struct {
	Tools
	driver Driver
	path   string           // of the window
	dir    string           // where it is mounted, for growMounted
	n      int64            // length of the window in bytes
	fs     model.Filesystem // state before the job; zero for a new file system
	// replayed says that the journal was replayed before the job.
	replayed bool
}

// do calls what with a job for the file system in the window at path, after checking that it is of this kind and fits
// into the window. doing names the work in errors, for example "resize".
func (t Tools) do(doing string, kind model.FSKind, path string, what func(j job) error) error {
	fs, n, err := t.expect(kind, path)
	if err == nil {
		err = what(job{Tools: t, driver: Of(kind), path: path, n: n, fs: fs})
	}
	if err != nil {
		return tried.Errorf("%s %s: %w", doing, kind, err)
	}
	return nil
}

// alter is like do, for work that changes the file system. It fails if what is in the journal would be written over the
// change later.
func (t Tools) alter(doing string, kind model.FSKind, path string, what func(j job) error) error {
	return t.do(doing, kind, path, func(j job) error {
		if j.fs.Features.Has(model.Unreplayed) {
			return errors.New("its journal must be replayed first: check it")
		}
		return what(j)
	})
}

// can returns what the kind and this file system allow, on a machine that has all tools.
func (j job) can() ops.Capability {
	can := j.driver.facts
	if can.Narrow != nil {
		can = can.Narrow(can, j.fs)
	}
	return can
}

// result reads the superblock again after the tools have run.
func (j job) result() (model.Filesystem, error) {
	fs, _, err := j.expect(j.driver.Kind, j.path)
	if err != nil {
		return fs, tried.Errorf("look at the result: %w", err)
	}
	return fs, nil
}

// Resize changes the length of the file system in the window at path to size, rounded down to what its blocks and groups
// allow. size must not exceed the length of the window, and must fill it when the file system grows. The file system must have been
// checked. If Resize fails, the file system must be considered destroyed.
func (t Tools) Resize(ctx context.Context, kind model.FSKind, path string, size geometry.Bytes) error {
	return t.alter("resize", kind, path, func(j job) error {
		d := j.driver
		switch want := j.fs.Filling(size); {
		case int64(size) > j.n || size <= 0:
			return fmt.Errorf("a size of %d bytes does not fit its partition, which has %d", size, j.n)
		case d.resize == nil:
			return d.grow.reason.Err()
		case want > j.fs.Size && !j.can().Grow.OK():
			return j.can().Grow.Err()
		case want < j.fs.Size && !j.can().Shrink.OK():
			return j.can().Shrink.Err()
		case d.shrink.reason.OK():
		case want < j.fs.Filling(j.fs.Size):
			return d.shrink.reason.Err()
		case want != j.fs.Filling(geometry.Bytes(j.n)): // tools that do not shrink take no size
			return fmt.Errorf("it can only be made as large as its partition, which has %d bytes", j.n)
		}
		// The kernel does not notice all damage when it mounts a file system.
		verify := func() error {
			if d.grow.mounts == "" || d.verify == nil {
				return nil
			}
			return d.verify(j, ctx)
		}
		if err := verify(); err != nil {
			return err
		}
		least, err := d.resize(j, ctx, size)
		if err != nil {
			return err
		}
		after, err := j.result()
		if err == nil && (after.Size < least || after.Size > size) {
			err = fmt.Errorf("%s made it %d bytes long instead of %d", cmp.Or(d.grow.by, "shunt"), after.Size, size)
		}
		if err != nil {
			return err
		}
		return verify()
	})
}

// Make creates an empty file system of this kind that fills the window at path. Old signatures must have been wiped
// before (see WipeRanges).
func (t Tools) Make(ctx context.Context, kind model.FSKind, path string, spec Spec) error {
	if err := t.make(ctx, Of(kind), path, spec); err != nil {
		return tried.Errorf("make %s: %w", kind, err)
	}
	return nil
}

func (t Tools) make(ctx context.Context, d Driver, path string, spec Spec) error {
	switch why := d.facts.Labels.Fault(d.Kind, spec.Label); {
	case !spec.SectorSize.Valid():
		return fmt.Errorf("a sector size of %d bytes is not possible", spec.SectorSize)
	case d.make == nil:
		return d.create.reason.Err()
	case !why.OK():
		return why.Err()
	case !d.facts.Only512.OK() && spec.SectorSize != geometry.Sector512:
		return d.facts.Only512.Err()
	}
	spec.Label = d.facts.Labels.Kept(spec.Label)
	j := job{Tools: t, driver: d, path: path}
	err := j.edit(func(f File) (err error) {
		j.n, err = f.Size()
		return err
	})
	if err == nil {
		err = d.make(j, ctx, spec)
	}
	if err == nil {
		_, err = j.result()
	}
	return err
}

// Verify checks the file system in the window at path and changes nothing. If there is no checker or it is not installed,
// Verify only checks that the superblock is of this kind and fits into the window.
func (t Tools) Verify(ctx context.Context, kind model.FSKind, path string) error {
	return t.do("verify", kind, path, func(j job) error {
		if tools := j.driver.check.tools; j.driver.verify == nil || len(tools) > 0 && !t.installed(tools[0]) {
			return nil
		}
		return j.driver.verify(j, ctx)
	})
}

// SetLabel sets the label of the file system in the window at path; "" removes it. After an error the file system may
// have the old or the new label.
func (t Tools) SetLabel(ctx context.Context, kind model.FSKind, path, label string) error {
	return t.alter("label", kind, path, func(j job) error {
		facts := j.can()
		why := cmp.Or(facts.Label, facts.Labels.Fault(kind, label))
		switch {
		case j.driver.setLabel == nil:
			return j.driver.label.reason.Err()
		case !why.OK():
			return why.Err()
		}
		label := facts.Labels.Kept(label)
		if err := j.driver.setLabel(j, ctx, label); err != nil {
			return err
		}
		after, err := j.result()
		if err == nil && after.Label != label {
			err = fmt.Errorf("the label is now %q instead of %q", after.Label, label)
		}
		return err
	})
}

// NewUUID gives the file system in the window at path a new random UUID or serial number. If half is set, only the upper
// half of a serial number changes, so that Windows still accepts the volume when it checks its license. The file system
// must have been checked. After an error it may have the old or the new UUID, or be unusable.
func (t Tools) NewUUID(ctx context.Context, kind model.FSKind, path string, half bool) error {
	return t.alter("set a new UUID on", kind, path, func(j job) error {
		set := j.driver.setUUID
		switch {
		case half && j.driver.setHalf == nil:
			return errors.New("its UUID has no halves")
		case half:
			set = j.driver.setHalf
		case set == nil:
			return j.driver.uuid.reason.Err()
		case !j.can().UUID.OK():
			return j.can().UUID.Err()
		}
		if err := set(j, ctx, uuid.NewString()); err != nil {
			return err
		}
		after, err := j.result()
		if err == nil && (after.UUID == j.fs.UUID || after.UUID == "") {
			err = fmt.Errorf("the UUID is now %q and was %q before", after.UUID, j.fs.UUID)
		}
		return err
	})
}

// GrowMounted grows a mounted file system to the end of its block device. The kernel must know the device's new size.
// After an error the file system has its old or its new size and keeps working.
func (t Tools) GrowMounted(ctx context.Context, kind model.FSKind, device, mountpoint string) error {
	d := Of(kind)
	err := d.online.reason.Err()
	if d.growMounted != nil {
		err = d.growMounted(job{Tools: t, driver: d, path: device, dir: mountpoint}, ctx, "")
	}
	if err != nil {
		return tried.Errorf("grow the mounted %s: %w", kind, err)
	}
	return nil
}

// GrowByHand returns the command line that grows a mounted file system of this kind, for people to run.
func GrowByHand(kind model.FSKind, device, mountpoint string) []string {
	return expanded(Of(kind).byHand, "{}", device, "{dir}", mountpoint)
}

// A change sets a value in a file system or modifies it in another way.
type change func(j job, ctx context.Context, value string) error

// command returns a change that runs one tool. In argv, {} stands for j.path, {dir} for j.dir and {=} for the value to
// set.
func command(argv ...string) change {
	return func(j job, ctx context.Context, value string) error {
		_, _, err := j.run(ctx, zeroOnly, expanded(argv, "{}", j.path, "{dir}", j.dir, "{=}", value)...)
		return err
	}
}

// checking returns a check for a driver that runs one tool. advice says what people can do if the tool finds a fault.
func checking(codes exitCodes, advice string, argv ...string) func(j job, ctx context.Context) error {
	return func(j job, ctx context.Context) error {
		_, _, err := j.run(ctx, codes, expanded(argv, "{}", j.path)...)
		return advise(err, advice)
	}
}

// repairPasses is how often a tool repairs a file system. What one pass does can bring to light what the next one corrects.
const repairPasses = 5

// repairing is like checking, for a tool that repairs. After an exit code of 1, which means that the tool corrected
// something, the file system is verified again, and repaired again while the tool finds faults.
func repairing(codes exitCodes, advice string, argv ...string) func(j job, ctx context.Context) error {
	repair := checking(codes.or(1), advice, argv...)
	return func(j job, ctx context.Context) error {
		for pass := 1; ; pass++ {
			if err := repair(j, ctx); err != nil {
				return err
			}
			err := j.driver.verify(j, ctx)
			if failed := (*ToolError)(nil); !errors.As(err, &failed) {
				return err
			}
			if pass == repairPasses {
				return advise(err, advice)
			}
		}
	}
}

// mkfs returns a function for a driver that makes a file system with one tool. {label}, {uuid}, {sector} and {start}
// stand for the fields of the Spec, and {} for the path of the window. The path comes last if argv has no {}. options are
// pairs of an option and its value; a pair is left out if its field is empty.
func mkfs(argv []string, options ...string) func(j job, ctx context.Context, spec Spec) error {
	return func(j job, ctx context.Context, spec Spec) error {
		values := []string{
			"{}", j.path, "{label}", spec.Label, "{uuid}", spec.UUID, "{sector}", strconv.FormatInt(int64(spec.SectorSize), 10),
			"{start}", strconv.FormatUint(uint64(hiddenSectors(spec.Start)), 10),
		}
		words := expanded(argv, values...)
		for i := 0; i < len(options); i += 2 {
			value := options[i+1]
			if (spec.Label != "" || !strings.Contains(value, "{label}")) && (spec.UUID != "" || !strings.Contains(value, "{uuid}")) {
				words = append(words, expanded(options[i:i+2], values...)...)
			}
		}
		if !slices.Contains(argv, "{}") {
			words = append(words, j.path)
		}
		_, _, err := j.run(ctx, zeroOnly, words...)
		return advise(err, "the partition may be too small or too large for "+string(j.driver.Kind))
	}
}

// expanded replaces placeholders in a command line. values are pairs of a placeholder and its replacement.
func expanded(argv []string, values ...string) []string {
	words := slices.Clone(argv)
	for i := range words {
		words[i] = strings.NewReplacer(values...).Replace(words[i])
	}
	return words
}
