package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"shunt/ops/demo"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/styles"
)

func (s *settings) demoCommand() *cobra.Command {
	var makeOnly bool
	cmd := &cobra.Command{
		Use:   "demo [IMAGE]",
		Short: "Make a practice image and open it",
		Long: "Demo makes the image of a 966 MiB memory stick with an MBR and two ext4 file systems with files in them, and\n" +
			"opens it in the editor. An existing image is opened as it is. Default: shunt-demo.raw.",
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.demo(cmd.Context(), append(args, "shunt-demo.raw")[0], makeOnly)
		},
	}
	cmd.Flags().BoolVar(&makeOnly, "make-only", false, "make the image and do not open it")
	return cmd
}

func (s *settings) demo(ctx context.Context, path string, makeOnly bool) error {
	if !makeOnly {
		if err := s.requireTerminal(); err != nil {
			return err
		}
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		s.say("Making the practice image %s ...", path)
		if err := demo.Make(ctx, path); err != nil {
			return err
		}
	}
	if makeOnly {
		return nil
	}
	return s.edit(ctx, []string{path})
}

// edit opens the editor on the targets.
func (s *settings) edit(ctx context.Context, paths []string) error {
	animate, err := s.animate()
	if err != nil {
		return err
	}
	settings, err := s.editorSettings()
	if err != nil {
		return err
	}
	if err := s.requireTerminal(); err != nil {
		return err
	}
	opts := s.opts
	opts.Overlays = append(slices.Clone(opts.Overlays), paths...) // a base and what shows it may be edited side by side
	return newBackend(opts).editing(paths, func(b backend) error {
		behind, err := tui.Edit(ctx, tui.Options{
			Backend: b, Home: os.Getenv("HOME"), Paths: paths, Align: s.grid, Animate: animate, Settings: settings,
			NoColor: s.noColor || os.Getenv("NO_COLOR") != "", Glyphs: styles.DetectGlyphs(os.Getenv),
		})
		for _, line := range behind {
			s.say("%s", line)
		}
		return err
	})
}

// requireTerminal returns an error if the editor cannot be shown.
func (s *settings) requireTerminal() error {
	if !s.out.terminal() || !term.IsTerminal(s.in.Fd()) {
		return usage(errors.New("the editor needs a terminal; without one use `shunt info` and `shunt apply`"))
	}
	return nil
}

// aheadAuto is the value of --rehearse-ahead that leaves the choice to the settings.
const aheadAuto = "auto"

// editorSettings returns the settings that were kept, as changed by flags and the environment. Where a program reads the screen,
// nothing begins by itself unless that is asked for.
func (s *settings) editorSettings() (report.Settings, error) {
	kept := finder(s.opts).Settings()
	choice := s.lookAhead
	if choice == aheadAuto {
		choice = cmp.Or(os.Getenv("SHUNT_REHEARSE_AHEAD"), aheadAuto)
	}
	words := map[string]report.Ahead{"off": report.AheadOff, "images": report.AheadImages, "all": report.AheadAll, aheadAuto: kept.Ahead}
	ahead, known := words[choice]
	if !known {
		return kept, usage(fmt.Errorf("--rehearse-ahead is %q: use images, all, off or auto", choice))
	}
	if kept.Ahead = ahead; choice == aheadAuto && (os.Getenv("TERM") == "dumb" || os.Getenv("CI") != "") {
		kept.Ahead = report.AheadOff
	}
	return kept, nil
}

// animate reports whether bars are animated. Over SSH every frame costs time.
func (s *settings) animate() (bool, error) {
	local := os.Getenv("SSH_CONNECTION") == "" && os.Getenv("SSH_TTY") == ""
	animate, known := map[string]bool{"on": true, "off": false, "auto": local}[s.animation]
	if !known {
		return false, usage(fmt.Errorf("--animation is %q: use on, off or auto", s.animation))
	}
	return animate, nil
}
