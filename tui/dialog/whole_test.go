package dialog_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui/dialog"
	"shunt/tui/internal/tuitest"
	"shunt/tui/styles"
)

// In the smallest window, too, a dialog says the whole of what it has to say.
func TestWholeInSmallWindow(t *testing.T) {
	founding, varied, align := queueOf(tuitest.Founding()), queueOf(tuitest.Varied()), geometry.AlignMiB
	reason := strings.Repeat("a long reason that goes on and on, ", 5) + "and ends"
	command := dialog.Command{Name: "edit", Group: "Disk", Off: model.Reason(reason)}
	for _, c := range []struct {
		d          dialog.Dialog
		keys, want string
	}{
		{dialog.NewEntrySize(founding, 1, align), "ctrl+u =400MiB", "shrink both."},
		{dialog.NewEntrySize(founding, 1, align), "ctrl+u =400MiB", "longer than the partition"},
		{dialog.NewEntrySize(founding, 1, align), "ctrl+u =4GiB", "p2 starts"},
		{dialog.NewLabel(founding, 1, align), "=abcdefghijklmnopqr", "16 bytes ext4 can hold"},
		{dialog.NewFormat(varied, 1, align), "", "is lost when this is applied."},
		{dialog.NewNewTable(varied, align), "", `"Windows").`},
		{dialog.NewUUID(varied, 7, align), "right", "for activation again."},
		{dialog.NewMenu("Menu", "Choose.", dialog.Item{Text: "Alpha", Off: model.Reason(reason)}), "", "and ends"},
		{dialog.NewActions("p1", []dialog.Command{command}), "", "and ends"},
		{dialog.NewPalette([]dialog.Command{command}), "", "and ends"},
	} {
		d, _ := press(t, c.d, c.keys)
		drawn := ansi.Strip(strings.Join(dialog.Draw(d, 60, 20, styles.New(styles.Dark, styles.Full, styles.ASCII)).Block, "\n"))
		said := strings.Join(strings.Fields(strings.ReplaceAll(drawn, "|", " ")), " ")
		if !strings.Contains(said, c.want) || strings.Contains(said, "~~") {
			t.Errorf("%q is not said whole:\n%s", c.want, drawn)
		}
	}
}
