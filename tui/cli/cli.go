// Package cli is the command line of shunt. It starts the editor, and offers the same actions without a screen. Both
// reach targets through package session. It may import every package of shunt.
//
// Data goes to standard output, messages for people to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/session"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
)

// Streams are the standard streams of the process.
type Streams struct {
	In       *os.File
	Out, Err io.Writer
}

// The exit codes. exitMeanings explains them.
const (
	exitDone        = 0
	exitRefused     = 1
	exitUsage       = 2
	exitUnfinished  = 3
	exitInterrupted = 4
)

// exitError is an error with an exit code. With a nil err there is nothing to print.
type exitError struct {
	code int
	err  error
	help string // the command whose help explains the right usage, "" if no help fits
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func unfinished(err error) error { return &exitError{code: exitUnfinished, err: err} }

// settings holds the flags that every command has.
type settings struct {
	program    string // the name or path with which shunt was called
	in         *os.File
	out, err   *stream
	sectorSize int
	format     string
	align      string
	journal    string
	noColor    bool
	animation  string
	lookAhead  string
	noLock     bool
	allowDisks bool
	overlays   []string
	keep       int
	keepRoom   string

	json bool               // --json, on commands that have it
	opts session.Options    // set by read from the flags
	grid geometry.Alignment // set by read from the flags
}

// read checks the flags before a command runs.
func (s *settings) read(*cobra.Command, []string) (err error) {
	z := geometry.SectorSize(s.sectorSize)
	if !z.Valid() {
		return usage(fmt.Errorf("--sector-size %d is not possible: use 512 or 4096", s.sectorSize))
	}
	if s.format != "" && !slices.Contains(registry.Formats(), s.format) {
		return usage(fmt.Errorf("--format %s is not possible: use one of %s", safetext.Word(s.format), strings.Join(registry.Formats(), ", ")))
	}
	s.opts = session.Options{Program: s.program, SectorSize: z, Format: s.format, Journal: s.journal, NoLock: s.noLock, AllowDisks: s.allowDisks}
	if s.opts.Limits, err = s.limits(); err != nil {
		return err
	}
	info, _ := debug.ReadBuildInfo()
	s.opts.Note, s.opts.Version = finder(s.opts).Note, versionText(info)
	for _, path := range s.overlays {
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		s.opts.Overlays = append(s.opts.Overlays, path)
	}
	if s.grid, err = geometry.ParseAlignment(s.align); err != nil {
		return usage(err)
	}
	return nil
}

// Main runs the command line and returns the exit code. args begin with the name of the program.
func Main(ctx context.Context, args []string, streams Streams) int {
	program := args[0]
	if abs, err := filepath.Abs(program); err == nil && strings.Contains(program, "/") {
		program = abs // printed commands should work in other directories, too
	}
	s := &settings{program: program, in: streams.In, out: newStream(streams.Out), err: newStream(streams.Err)}
	root := command(s)
	root.SetArgs(args[1:])
	root.SetOut(helpStream{s.out})
	root.SetErr(s.err)
	err := fang.Execute(ctx, root, fang.WithoutVersion(), fang.WithoutManpage(), fang.WithErrorHandler(s.printError))
	return exitCode(err)
}

func exitCode(err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return exit.code
	case errors.Is(err, txn.ErrUnfinished):
		return exitUnfinished
	}
	return exitRefused
}

// printError prints an error on one line, without decoration, because it is also read in logs. The library's own printer
// would remove sequences from the text, which here can be part of a name.
func (s *settings) printError(_ io.Writer, _ fang.Styles, err error) {
	var exit *exitError
	if errors.As(err, &exit) {
		err = exit.err
	}
	if err == nil {
		return
	}
	s.say("shunt: %s", tried.Text(err))
	if exit != nil && exit.help != "" {
		s.say("Try `%s --help`.", exit.help)
	}
}

// show prints a value as JSON with --json, otherwise as text.
func (s *settings) show(v any, text string) error {
	if s.json {
		return s.out.json(v, "  ")
	}
	_, err := io.WriteString(s.out, text)
	return err
}

func (s *settings) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.err, format+"\n", args...) // the exit code also reports the result
}

func command(s *settings) *cobra.Command {
	root := &cobra.Command{
		Use:   "shunt [TARGET...]",
		Short: "A partition editor for disk images that loses nothing",
		Long: "Shunt shows the partitions of a disk image, collects moves, resizes and other edits in a queue, rehearses\n" +
			"them without touching the image, and applies them in one transaction: whatever breaks on the way, the\n" +
			"image ends exactly as it was or exactly as planned.",
		Args: cobra.ArbitraryArgs, PersistentPreRunE: s.read,
		RunE: func(cmd *cobra.Command, args []string) error { return s.edit(cmd.Context(), args) },
	}
	flags := root.PersistentFlags()
	flags.IntVar(&s.sectorSize, "sector-size", 512, "logical sector size of a raw image, 512 or 4096; a device has its own")
	flags.StringVar(&s.format, "format", "", "format of the target (default: as its content says); raw takes its bytes as the disk")
	flags.StringVar(&s.align, "align", "mib", "grid for positions that shunt chooses: mib, 2mib, cylinder or none")
	flags.StringVar(&s.journal, "journal", "", "directory for the journal (default: beside the image; of a device, "+
		"/var/lib/shunt)")
	flags.BoolVar(&s.noColor, "no-color", false, "use no colours")
	flags.StringVar(&s.animation, "animation", "auto", "animate the disk bars: on, off, or auto (off over SSH)")
	flags.StringVar(&s.lookAhead, "rehearse-ahead", aheadAuto, "targets whose pending operations the editor rehearses by itself: "+
		"images, all, off, or auto (what was chosen last, at first images)")
	flags.BoolVar(&s.noLock, "no-lock", false, "edit an image on a file system that has no locks")
	flags.BoolVar(&s.allowDisks, "allow-disks", false, "also edit physical disks; their name must be typed before "+
		"anything is written")
	s.limitFlags(flags)
	choices(root, "format", registry.Formats()...)
	root.SetFlagErrorFunc(flagError)
	versionFlag(root)
	root.AddCommand(s.infoCommand(), s.lsCommand(), s.catCommand(), s.cpCommand(), s.dumpCommand(), s.shellCommand(), s.findCommand(), s.rescueCommand(), s.applyCommand(), s.enlargeCommand(), s.shrinkCommand(), s.checkCommand(),
		s.imageCommand(), s.tableCommand(), s.recoverCommand(), s.undoCommand(),
		s.attachCommand(), s.detachCommand(), s.mountCommand(), s.unmountCommand(), s.swapCommand(true), s.swapCommand(false), s.demoCommand(), s.manCommand(), versionCommand())
	root.AddGroup(&cobra.Group{ID: topicGroup, Title: "help topics"})
	root.AddCommand(s.topicCommands()...)
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.Args = helpArguments
		}
	}
	s.completing(root)
	return root
}
