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

// Duration formats a time: "0.8 s", "12 s", "3 min 5 s", "1 h 2 min". Only times under ten seconds have a fraction, and not if they
// are whole seconds.
func Duration(d time.Duration) string {
	d = max(0, d)
	tenths := d.Round(100 * time.Millisecond)
	if tenths < 10*time.Second && tenths%time.Second != 0 {
		return fmt.Sprintf("%.1f s", tenths.Seconds())
	}
	switch s := int64(d.Round(time.Second) / time.Second); {
	case s >= 3600:
		return fmt.Sprintf("%d h %d min", s/3600, s/60%60)
	case s >= 60:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d s", s)
	}
}
