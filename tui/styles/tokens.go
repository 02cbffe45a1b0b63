package styles

import (
	"image/color"

	"charm.land/lipgloss/v2"

	"shunt/model"
)

// tokens are the colours of one theme by meaning. Everything else in this package is built from them.
type tokens struct {
	text    color.Color // ordinary text
	muted   color.Color // labels, units, hints
	faint   color.Color // borders and separators
	accent  color.Color // the name of the program, focus, keys
	good    color.Color
	warn    color.Color
	bad     color.Color
	onFill  color.Color // text on a filled button
	row     color.Color // background of the selected line
	extents map[model.FSKind]color.Color
	// Contents without a file system of their own.
	unformatted, unallocated, extended, other color.Color
}

// picker chooses between a colour in full and the one of a terminal's sixteen that stands for it. Terminals
// with 256 colours come close to the full one by themselves; among sixteen the nearest is often the same
// for several, so those are picked by hand.
type picker func(full string, sixteen color.Color) color.Color

func pick(d Depth) picker {
	return func(full string, sixteen color.Color) color.Color {
		if d == Sixteen {
			return sixteen
		}
		return lipgloss.Color(full)
	}
}

// dark suits terminals with a dark background. The hues of file systems follow GParted, so that people
// recognise them; the darker ones are lifted until they can be read on black.
func dark(c picker) tokens {
	return tokens{
		text: c("#d8dee9", lipgloss.NoColor{}), muted: c("#8f9bb0", lipgloss.White), faint: c("#56606f", lipgloss.BrightBlack),
		accent: c("#7cc7ff", lipgloss.BrightCyan), good: c("#7fd88f", lipgloss.BrightGreen),
		warn: c("#f0c674", lipgloss.BrightYellow), bad: c("#ff7b72", lipgloss.BrightRed),
		onFill: c("#10151c", lipgloss.Black), row: c("#2a3342", lipgloss.BrightBlack),
		extents: map[model.FSKind]color.Color{
			model.Ext2: c("#9db8d2", lipgloss.BrightBlue), model.Ext3: c("#85a4c6", lipgloss.BrightBlue),
			model.Ext4:  c("#6f9bd1", lipgloss.BrightBlue),
			model.FAT12: c("#3ee05c", lipgloss.BrightGreen), model.FAT16: c("#3ee05c", lipgloss.BrightGreen),
			model.FAT32: c("#35c94e", lipgloss.BrightGreen), model.ExFAT: c("#4fb57f", lipgloss.Green),
			model.NTFS: c("#42e5ac", lipgloss.BrightCyan), model.XFS: c("#eed680", lipgloss.BrightYellow),
			model.Btrfs: c("#ff9955", lipgloss.Yellow), model.F2FS: c("#ea6a4c", lipgloss.Red),
			model.Swap: c("#d97b6f", lipgloss.BrightRed), model.SwSuspend: c("#d97b6f", lipgloss.BrightRed),
			model.LUKS: c("#a294d8", lipgloss.BrightMagenta), model.LVM2: c("#d0a273", lipgloss.Magenta),
			model.ISO9660: c("#c9c9c9", lipgloss.White), model.SquashFS: c("#c9c9c9", lipgloss.White),
		},
		unformatted: c("#b8b8b8", lipgloss.White), unallocated: c("#8b929c", lipgloss.White),
		extended: c("#6fdfe0", lipgloss.Cyan), other: c("#b8b8b8", lipgloss.White),
	}
}

// light suits terminals with a light background: the same hues, darkened until they can be read on white.
func light(c picker) tokens {
	return tokens{
		text: c("#1f2630", lipgloss.NoColor{}), muted: c("#5d6776", lipgloss.BrightBlack), faint: c("#a9b1bd", lipgloss.BrightBlack),
		accent: c("#0b62b0", lipgloss.Blue), good: c("#1a7f37", lipgloss.Green),
		warn: c("#8a5d00", lipgloss.Magenta), bad: c("#b3261e", lipgloss.Red),
		onFill: c("#ffffff", lipgloss.BrightWhite), row: c("#dde7f3", lipgloss.White),
		extents: map[model.FSKind]color.Color{
			model.Ext2: c("#5f7f9f", lipgloss.Blue), model.Ext3: c("#4f708f", lipgloss.Blue), model.Ext4: c("#3a5f8a", lipgloss.Blue),
			model.FAT12: c("#138a1f", lipgloss.Green), model.FAT16: c("#138a1f", lipgloss.Green),
			model.FAT32: c("#0f7a1a", lipgloss.Green), model.ExFAT: c("#2e8b57", lipgloss.Green),
			model.NTFS: c("#0d8a63", lipgloss.Cyan), model.XFS: c("#8a7412", lipgloss.Yellow),
			model.Btrfs: c("#b85a14", lipgloss.Yellow), model.F2FS: c("#c13a1a", lipgloss.Red),
			model.Swap: c("#a9483c", lipgloss.Red), model.SwSuspend: c("#a9483c", lipgloss.Red),
			model.LUKS: c("#625b81", lipgloss.Magenta), model.LVM2: c("#8f6231", lipgloss.Magenta),
			model.ISO9660: c("#666666", lipgloss.BrightBlack), model.SquashFS: c("#666666", lipgloss.BrightBlack),
		},
		unformatted: c("#555555", lipgloss.BrightBlack), unallocated: c("#6c7480", lipgloss.BrightBlack),
		extended: c("#0b7f86", lipgloss.Cyan), other: c("#555555", lipgloss.BrightBlack),
	}
}
