package widget

import (
	"fmt"
	"strings"
	"time"

	"shunt/tui/styles"
)

// Gauge draws a progress bar in width cells with the percentage after it. A negative share stands for an unknown one.
func Gauge(share float64, width int, st *styles.Styles) string {
	cells := width - 6
	if cells < 1 {
		return Fit("", width, "")
	}
	if share < 0 {
		return st.Faint.Render(strings.Repeat(st.Empty, cells)) + "      "
	}
	share = min(share, 1)
	full := int(share * float64(cells))
	// Round down, so that 100 % is shown only at the end.
	return st.Focus.Render(strings.Repeat(st.Full, full)) + st.Faint.Render(strings.Repeat(st.Empty, cells-full)) +
		st.Text.Render(fmt.Sprintf(" %3d %%", int(share*100)))
}

// Duration formats d to the second: "0:07", "12:34", "1:02:03".
func Duration(d time.Duration) string {
	s := max(0, int64(d.Round(time.Second)/time.Second))
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
