package tui_test

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

func hex(s string) color.Color { return lipgloss.Color(s) }
