package look

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/window/tool"
)

// inquiry is one tool that tells of a file system: its arguments, with the file in place of "{}", and its package.
type inquiry struct {
	argv []string
	pkg  string
}

func ask(pkg string, argv ...string) inquiry { return inquiry{argv: argv, pkg: pkg} }

// inquiries lists the tools that tell most of a kind and write nothing. Kinds that always lie on several devices have none.
func inquiries(kind model.FSKind) []inquiry {
	switch kind {
	case model.Ext2, model.Ext3, model.Ext4:
		return []inquiry{ask("e2fsprogs", "dumpe2fs", "-h", "{}")}
	case model.XFS:
		return []inquiry{ask("xfsprogs", "xfs_db", "-r", "-c", "info", "-c", "sb 0", "-c", "p", "{}")}
	case model.Btrfs:
		return []inquiry{ask("btrfs-progs", "btrfs", "inspect-internal", "dump-super", "{}")}
	case model.FAT12, model.FAT16, model.FAT32:
		return []inquiry{ask("mtools", "minfo", "-i", "{}", "::")}
	case model.ExFAT:
		return []inquiry{ask("exfatprogs", "dump.exfat", "{}")}
	case model.NTFS:
		return []inquiry{ask("ntfs-3g", "ntfsinfo", "-m", "{}")}
	case model.F2FS:
		return []inquiry{ask("f2fs-tools", "dump.f2fs", "-d", "1", "{}")}
	case model.Swap, model.SwSuspend:
		return []inquiry{ask("util-linux", "swaplabel", "{}")}
	case model.LUKS:
		return []inquiry{ask("cryptsetup-bin", "cryptsetup", "luksDump", "{}")}
	case model.LVM2:
		return []inquiry{ask("lvm2", "pvck", "--nolocking", "--dump", "headers", "{}")}
	case model.SquashFS:
		return []inquiry{ask("squashfs-tools", "unsquashfs", "-s", "{}")}
	case model.ISO9660:
		return []inquiry{ask("genisoimage", "isoinfo", "-d", "-i", "{}")}
	case "nilfs2":
		return []inquiry{ask("nilfs-tools", "nilfs-tune", "-l", "{}")}
	case "udf":
		return []inquiry{ask("udftools", "udfinfo", "{}")}
	case "jfs":
		return []inquiry{ask("jfsutils", "jfs_tune", "-l", "{}")}
	case "reiserfs":
		return []inquiry{ask("reiserfsprogs", "debugreiserfs", "{}")}
	}
	return nil
}

// Asked reports whether there is a tool that tells more of a kind.
func Asked(kind model.FSKind) bool { return len(inquiries(kind)) > 0 }

// Command is what the first of these tools is asked, for people.
func Command(kind model.FSKind, shown string) string {
	for _, q := range inquiries(kind) {
		return safetext.Command(replaced(q.argv, shown)...)
	}
	return ""
}

// Bounds of what a tool may take. A hostile file system can make one run or talk forever.
const (
	mostTime   = 15 * time.Second
	mostOutput = 64 << 10
)

// Tools asks the file system's own tools of the file at path, which holds it and nothing else. A tool that is missing or
// fails says so in its place.
func Tools(ctx context.Context, kind model.FSKind, path, shown string) []ops.Said {
	var list []ops.Said
	for _, q := range inquiries(kind) {
		list = append(list, q.said(ctx, path, shown))
	}
	return list
}

func (q inquiry) said(ctx context.Context, path, shown string) ops.Said {
	argv := replaced(q.argv, path)
	said := ops.Said{Command: safetext.Command(replaced(q.argv, shown)...)}
	ctx, cancel := context.WithTimeout(ctx, mostTime)
	defer cancel()
	result, err := tool.Run(ctx, tool.Cmd{Argv: argv, Env: []string{"TZ=UTC"}})
	text := strings.ReplaceAll(result.Output, path, shown)
	cut := len(text) > mostOutput
	if cut {
		text = text[:mostOutput]
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	said.Output = safetext.Lines(text)
	var missing *tool.MissingError
	switch {
	case errors.As(err, &missing):
		said.Err = fmt.Sprintf("%s is not installed: apt install %s", missing.Name, q.pkg)
	case errors.Is(err, context.DeadlineExceeded):
		said.Err = fmt.Sprintf("%s was stopped after %s: the file system may be damaged", argv[0], mostTime)
	case err != nil:
		said.Err = safetext.Printable(err.Error())
	case result.Exit != 0:
		said.Err = fmt.Sprintf("%s ended with exit code %d", argv[0], result.Exit)
	case cut:
		said.Err = "the rest of its output is left out"
	}
	return said
}

func replaced(argv []string, path string) []string {
	list := make([]string, len(argv))
	for i, word := range argv {
		if word == "{}" {
			word = path
		}
		list[i] = word
	}
	return list
}
