package cli

import (
	"slices"

	"github.com/spf13/cobra"
)

// takesNegative lets one argument of a command be a negative size. Without it, -1GiB is taken for a flag with the name 1.
func takesNegative(cmd *cobra.Command) {
	size, at := "", 0
	whole := func(args []string) []string {
		if size != "" && at <= len(args) {
			return slices.Insert(slices.Clone(args), at, size)
		}
		return args
	}
	take := func(text string) { size, at = text, cmd.Flags().NArg() } // the arguments before it are counted already
	check, run := cmd.Args, cmd.RunE
	cmd.Args = func(cmd *cobra.Command, args []string) error { return check(cmd, whole(args)) }
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return run(cmd, whole(args)) }
	for _, digit := range "0123456789." {
		name := string(digit)
		cmd.Flags().VarPF(negative{name, take}, "minus-"+name, name, "").Hidden = true
	}
}

// negative is a flag that is the first character of a negative size.
type negative struct {
	digit string
	take  func(size string)
}

func (n negative) String() string { return "" }
func (n negative) Type() string   { return "SIZE" }
func (n negative) Set(rest string) error {
	n.take("-" + n.digit + rest)
	return nil
}
