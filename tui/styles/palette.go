package styles

import (
	"image/color"

	"charm.land/lipgloss/v2"

	"shunt/model"
)

// picker returns a colour. Each colour is given for a dark and for a light background: in full, and as one of the sixteen
// basic colours of a terminal. The library converts full colours to 256. It would map several of them to the same basic
// colour, so those are chosen by hand.
type picker func(dark string, dark16 color.Color, light string, light16 color.Color) color.Color

func pick(theme Theme, depth Depth) picker {
	return func(full string, sixteen color.Color, light string, light16 color.Color) color.Color {
		if theme == Light {
			full, sixteen = light, light16
		}
		if depth == Sixteen {
			return sixteen
		}
		return lipgloss.Color(full)
	}
}

// hues returns the looks of file systems. They follow GParted, so that users recognise them, but are lighter or darker to
// be legible. GParted's reds would look like errors, so their kinds have other colours. Of the sixteen colours, red and
// bright yellow are left to errors and warnings, and bright cyan to what has the keyboard. Kinds that are seldom side by side
// share one.
func (c picker) hues() map[model.Hue]Look {
	fg := func(dark string, dark16 color.Color, light string, light16 color.Color) Look {
		return coloured(c(dark, dark16, light, light16))
	}
	return map[model.Hue]Look{
		model.HuePale:   fg("#9db8d2", lipgloss.BrightBlue, "#456f99", lipgloss.Blue),
		model.HueSteel:  fg("#85a4c6", lipgloss.BrightBlue, "#4f708f", lipgloss.Blue),
		model.HueBlue:   fg("#6f9bd1", lipgloss.BrightBlue, "#3a5f8a", lipgloss.Blue),
		model.HueLime:   fg("#3ee05c", lipgloss.BrightGreen, "#138a1f", lipgloss.Green),
		model.HueGreen:  fg("#35c94e", lipgloss.BrightGreen, "#0f7a1a", lipgloss.Green),
		model.HueSea:    fg("#4fb57f", lipgloss.Green, "#2e8b57", lipgloss.Green),
		model.HueMint:   fg("#42e5ac", lipgloss.Cyan, "#0d8a63", lipgloss.Cyan),
		model.HueGold:   fg("#eed680", lipgloss.BrightWhite, "#7d6608", lipgloss.Black),
		model.HueOrange: fg("#ff9955", lipgloss.Yellow, "#b85a14", lipgloss.Yellow),
		model.HueOlive:  fg("#a9c94f", lipgloss.Green, "#4b6a00", lipgloss.Green),
		model.HueOrchid: fg("#d993d3", lipgloss.Magenta, "#93408b", lipgloss.BrightBlue),
		model.HueViolet: fg("#a294d8", lipgloss.BrightMagenta, "#625b81", lipgloss.BrightMagenta),
		model.HueSand:   fg("#d0a273", lipgloss.BrightMagenta, "#8f6231", lipgloss.BrightMagenta),
		model.HueGrey:   fg("#c9c9c9", lipgloss.White, "#666666", lipgloss.BrightBlack),
	}
}
