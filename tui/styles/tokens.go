package styles

import (
	"image/color"

	"charm.land/lipgloss/v2"

	"shunt/model"
)

// tokens are the colours of one theme by meaning. Everything else in this package is built from them.
type tokens struct {
	text   color.Color // ordinary text
	muted  color.Color // labels, units, hints
	faint  color.Color // borders and separators
	accent color.Color // the name of the program, focus, keys
	good   color.Color
	warn   color.Color
	bad    color.Color
	onFill color.Color               // text on a filled button
	row    color.Color               // background of the selected line
	hues   map[model.Hue]color.Color // of kinds of file systems
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
		hues: map[model.Hue]color.Color{
			model.HuePale: c("#9db8d2", lipgloss.BrightBlue), model.HueSteel: c("#85a4c6", lipgloss.BrightBlue),
			model.HueBlue: c("#6f9bd1", lipgloss.BrightBlue),
			model.HueLime: c("#3ee05c", lipgloss.BrightGreen), model.HueGreen: c("#35c94e", lipgloss.BrightGreen),
			model.HueSea: c("#4fb57f", lipgloss.Green), model.HueMint: c("#42e5ac", lipgloss.BrightCyan),
			model.HueGold: c("#eed680", lipgloss.BrightYellow), model.HueOrange: c("#ff9955", lipgloss.Yellow),
			model.HueBrick: c("#ea6a4c", lipgloss.Red), model.HueRose: c("#d97b6f", lipgloss.BrightRed),
			model.HueViolet: c("#a294d8", lipgloss.BrightMagenta), model.HueSand: c("#d0a273", lipgloss.Magenta),
			model.HueGrey: c("#c9c9c9", lipgloss.White),
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
		hues: map[model.Hue]color.Color{
			model.HuePale: c("#5f7f9f", lipgloss.Blue), model.HueSteel: c("#4f708f", lipgloss.Blue),
			model.HueBlue: c("#3a5f8a", lipgloss.Blue),
			model.HueLime: c("#138a1f", lipgloss.Green), model.HueGreen: c("#0f7a1a", lipgloss.Green),
			model.HueSea: c("#2e8b57", lipgloss.Green), model.HueMint: c("#0d8a63", lipgloss.Cyan),
			model.HueGold: c("#8a7412", lipgloss.Yellow), model.HueOrange: c("#b85a14", lipgloss.Yellow),
			model.HueBrick: c("#c13a1a", lipgloss.Red), model.HueRose: c("#a9483c", lipgloss.Red),
			model.HueViolet: c("#625b81", lipgloss.Magenta), model.HueSand: c("#8f6231", lipgloss.Magenta),
			model.HueGrey: c("#666666", lipgloss.BrightBlack),
		},
		unformatted: c("#555555", lipgloss.BrightBlack), unallocated: c("#6c7480", lipgloss.BrightBlack),
		extended: c("#0b7f86", lipgloss.Cyan), other: c("#555555", lipgloss.BrightBlack),
	}
}
