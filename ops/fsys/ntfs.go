package fsys

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
)

func ntfsDriver() Driver {
	return Driver{
		Kind: model.NTFS, Package: "ntfs-3g", create: can("mkntfs"),
		grow: can("ntfsresize"), shrink: can("ntfsresize"), check: can("ntfsresize"),
		label: can("ntfslabel"), uuid: can("ntfslabel"), online: cannot(notMounted),
		facts: ops.Capability{
			MinSize: 2 * geometry.MiB, MaxSize: 256 * geometry.TiB, Labels: ops.LabelRule{Most: 128, UTF16: true}, Narrow: narrowNTFS,
		},
		// All systems store these numbers of heads and sectors per track, because disks have none.
		make: mkfs([]string{
			"mkntfs", "--quick", "--force", "--quiet", "--sector-size", "{sector}", "--partition-start", "{start}",
			"--heads", "255", "--sectors-per-track", "63",
		}, "--label", "{label}"),
		resize: job.resizeNTFS,
		// ntfsresize first compares $Bitmap with the space that files use. --force ignores the mark by which a resized
		// volume asks Windows for a check.
		verify: checking(zeroOnly, "run chkdsk in Windows and shut it down fully", "ntfsresize", "--info", "--force", "{}"),
		repair: job.repairNTFS, walk: job.walkNTFS, free: ntfsFree,
		examine: job.examineNTFS,
		caveat: "ntfsfix is no chkdsk: it restores the boot sector and the first files' records from their copies, empties the " +
			"journal, and has Windows check the volume at its next start",
		setLabel: command("ntfslabel", "--force", "{}", "{=}"),
		// ntfslabel writes the new serial number into both boot sectors.
		setUUID: command("ntfslabel", "--force", "--new-serial", "{}"),
		setHalf: command("ntfslabel", "--force", "--new-half-serial", "{}"),
		moved:   movedNTFS, storedStart: hiddenIn,
		Ask:      ask("ntfs-3g", "ntfsinfo", "-m", "{}"),
		ways:     []Way{lister{"ntfsls", "ntfs-3g", ntfsEnv, listNtfsls}.way()},
		contents: openNTFS,
		Mounts:   mountedAs("ntfs3", ""),
		Serves: Serving{
			Package: "ntfs-3g",
			Argv:    []string{"ntfs-3g", "-o", "ro,norecover,no_detach,dmask=022,fmask=133,uid={uid},gid={gid}", "{}", "{at}"},
			Write:   []string{"ntfs-3g", "-o", "no_detach,dmask=022,fmask=133,uid={uid},gid={gid}", "{}", "{at}"},
		},
	}
}

// narrowNTFS takes away all changes if Windows is hibernated on the volume or was not shut down. The tools would destroy
// its state, and they empty the journal without a look into it.
func narrowNTFS(can ops.Capability, fs model.Filesystem) ops.Capability {
	if fs.Trait != model.NoTrait {
		why := model.Because("%s: start it and shut it down fully (`shutdown /s /f /t 0`)", fs.Dirty)
		can.Grow, can.Shrink, can.Label, can.UUID = why, why, why, why
	}
	return can
}

// examineNTFS also has ntfsfix compare the boot sector and the first files' records with their copies. ntfsfix calls every
// volume faulty that Windows will resume.
func (j job) examineNTFS(ctx context.Context) error {
	if err := j.driver.verify(j, ctx); err != nil || j.fs.Trait != model.NoTrait {
		return err
	}
	_, _, err := j.run(ctx, zeroOnly, "ntfsfix", "--no-action", j.path)
	return advise(err, "run chkdsk in Windows")
}

// repairNTFS runs ntfsfix. What it does not know, the check afterwards finds.
func (j job) repairNTFS(ctx context.Context) error {
	const advice = "run chkdsk in Windows"
	if _, _, err := j.run(ctx, zeroOnly, "ntfsfix", j.path); err != nil {
		return advise(err, advice)
	}
	return advise(j.driver.verify(j, ctx), advice)
}

// resizeNTFS runs ntfsresize twice: first without writing, then for real.
func (j job) resizeNTFS(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	for _, only := range []string{"--no-action", ""} {
		// The second --force allows volumes that have not been checked since they were last resized.
		argv := []string{"ntfsresize", "--force", "--force", "--size", strconv.FormatInt(int64(size), 10)}
		if only != "" {
			argv = append(argv, only)
		}
		if _, output, err := j.run(ctx, zeroOnly, append(argv, j.path)...); err != nil {
			if says(output, "New size can't be less", "Not enough free space") {
				return 0, tooSmall(err, true, j.leastNTFS(ctx))
			}
			return 0, advise(err, "run chkdsk in Windows")
		}
	}
	if err := j.copyNTFSBoot(int64(size)); err != nil {
		return 0, tried.Errorf("write the backup boot sector: %w", err)
	}
	return size - 2*j.fs.BlockSize + 1, nil
}

// ntfsLeast matches the size that ntfsresize offers.
var ntfsLeast = regexp.MustCompile(`You might resize at (\d+) bytes`)

// leastNTFS returns the smallest size that ntfsresize names, or 0.
func (j job) leastNTFS(ctx context.Context) geometry.Bytes {
	_, output, err := j.run(ctx, zeroOnly, "ntfsresize", "--info", "--force", j.path)
	m := ntfsLeast.FindStringSubmatch(output)
	if err != nil || m == nil {
		return 0
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0
	}
	return geometry.Bytes(n)
}

// copyNTFSBoot copies the boot sector to the last sector of a partition of n bytes. ntfsresize does that itself only if
// the volume ends with the window, which it does not after shrinking.
func (j job) copyNTFSBoot(n int64) error {
	return j.edit(func(f File) error {
		_, sector, err := boot(f, 0)
		if err != nil {
			return err
		}
		head := make([]byte, sector)
		if err := readFull(f, head, 0); err != nil {
			return err
		}
		_, err = f.WriteAt(head, n/sector*sector-sector)
		return err
	})
}

// movedNTFS corrects the boot sector and its backup. The backup is in the last sector of the partition, or right behind
// the volume if that ends earlier. A sector that is not the backup stays as it is.
func movedNTFS(w Window, n int64, start geometry.Sector, z geometry.SectorSize) error {
	head, sector, err := boot(w, 0)
	if err == nil && string(head[3:11]) != "NTFS    " {
		err = errNoBoot
	}
	if err != nil {
		return err
	}
	if err := setHidden(w, 0, sector, start, z); err != nil {
		return err
	}
	last := n/sector*sector - sector
	places := []int64{last}
	if sectors := binary.LittleEndian.Uint64(head[40:]); sectors < uint64(last/sector) {
		places = append(places, int64(sectors)*sector)
	}
	for _, at := range places {
		if at <= 0 {
			continue
		}
		backup, _, err := boot(w, at)
		switch {
		case errors.Is(err, errNoBoot):
			continue
		case err != nil:
			return err
		case !bytes.Equal(backup[3:13], head[3:13]) || !bytes.Equal(backup[48:80], head[48:80]):
			continue // another volume's: its geometry or serial number differs
		}
		if err := setHidden(w, at, sector, start, z); err != nil {
			return err
		}
	}
	return nil
}

// ntfslsLine matches a line of `ntfsls -l -F`: size, date, name, and "/" behind a directory's name.
var ntfslsLine = regexp.MustCompile(`^ *(\d+) ([A-Z][a-z]{2} [ \d]\d \d\d:\d\d \d{4}) (.*)$`)

// listNtfsls lists a directory of NTFS. ntfsls shows a file as a directory with one entry. With --force it also reads
// volumes that are marked dirty. It never writes.
func listNtfsls(ctx context.Context, l lister, window string, dir []string) ([]report.FileEntry, bool, error) {
	argv := func(dir []string) []string {
		return []string{"ntfsls", "--force", "--long", "--all", "--classify", "--path", "/" + strings.Join(dir, "/"), window}
	}
	for i, name := range dir {
		if err := l.find(ctx, name, parseNtfsls, argv(dir[:i])...); err != nil {
			return nil, false, err
		}
	}
	return l.list(ctx, parseNtfsls, argv(dir)...)
}

func parseNtfsls(line string) (e report.FileEntry, ok bool) {
	m := ntfslsLine.FindStringSubmatch(line)
	if m == nil {
		return e, false
	}
	kind := report.FileRegular
	name, ok := strings.CutSuffix(m[3], "/")
	if ok {
		kind = report.FileDirectory
	}
	return newEntry(name, kind, m[1], "Jan _2 15:04 2006", m[2]), true
}
