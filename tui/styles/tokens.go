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
	onFill  color.Color // text on a filled chip or button
	row     color.Color // background of the selected line
	extents map[model.FSKind]color.Color
	// Contents without a file system of their own.
	unformatted, unallocated, extended, other color.Color
}

// dark suits terminals with a dark background. The hues of file systems follow GParted, so that people
// recognise them; the darker ones are lifted until they can be read on black.
func dark() tokens {
	c := lipgloss.Color
	return tokens{
		text: c("#d8dee9"), muted: c("#8f9bb0"), faint: c("#56606f"), accent: c("#7cc7ff"),
		good: c("#7fd88f"), warn: c("#f0c674"), bad: c("#ff7b72"),
		onFill: c("#10151c"), row: c("#2a3342"),
		extents: map[model.FSKind]color.Color{
			model.Ext2: c("#9db8d2"), model.Ext3: c("#85a4c6"), model.Ext4: c("#6f9bd1"),
			model.FAT12: c("#3ee05c"), model.FAT16: c("#3ee05c"), model.FAT32: c("#35c94e"), model.ExFAT: c("#4fb57f"),
			model.NTFS: c("#42e5ac"), model.XFS: c("#eed680"), model.Btrfs: c("#ff9955"), model.F2FS: c("#ea6a4c"),
			model.Swap: c("#d97b6f"), model.SwSuspend: c("#d97b6f"), model.LUKS: c("#a294d8"), model.LVM2: c("#d0a273"),
			model.ISO9660: c("#c9c9c9"), model.SquashFS: c("#c9c9c9"),
		},
		unformatted: c("#b8b8b8"), unallocated: c("#8b929c"), extended: c("#6fdfe0"), other: c("#b8b8b8"),
	}
}

// light suits terminals with a light background: the same hues, darkened until they can be read on white.
func light() tokens {
	c := lipgloss.Color
	return tokens{
		text: c("#1f2630"), muted: c("#5d6776"), faint: c("#a9b1bd"), accent: c("#0b62b0"),
		good: c("#1a7f37"), warn: c("#8a5d00"), bad: c("#b3261e"),
		onFill: c("#ffffff"), row: c("#dde7f3"),
		extents: map[model.FSKind]color.Color{
			model.Ext2: c("#5f7f9f"), model.Ext3: c("#4f708f"), model.Ext4: c("#3a5f8a"),
			model.FAT12: c("#138a1f"), model.FAT16: c("#138a1f"), model.FAT32: c("#0f7a1a"), model.ExFAT: c("#2e8b57"),
			model.NTFS: c("#0d8a63"), model.XFS: c("#8a7412"), model.Btrfs: c("#b85a14"), model.F2FS: c("#c13a1a"),
			model.Swap: c("#a9483c"), model.SwSuspend: c("#a9483c"), model.LUKS: c("#625b81"), model.LVM2: c("#8f6231"),
			model.ISO9660: c("#666666"), model.SquashFS: c("#666666"),
		},
		unformatted: c("#555555"), unallocated: c("#6c7480"), extended: c("#0b7f86"), other: c("#555555"),
	}
}
