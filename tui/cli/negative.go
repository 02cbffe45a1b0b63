package cli

import "github.com/spf13/cobra"

// takesNegative lets the last argument of a command be a negative size. Without it, -1GiB is taken for a flag with the name 1.
func takesNegative(cmd *cobra.Command) {
	size := ""
	whole := func(args []string) []string {
		if size != "" {
			return append(args[:len(args):len(args)], size)
		}
		return args
	}
	check, run := cmd.Args, cmd.RunE
	cmd.Args = func(cmd *cobra.Command, args []string) error { return check(cmd, whole(args)) }
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return run(cmd, whole(args)) }
	for _, digit := range "0123456789." {
		name := string(digit)
		cmd.Flags().VarPF(negative{name, &size}, "minus-"+name, name, "").Hidden = true
	}
}

// negative is a flag that is the first character of a negative size.
type negative struct {
	digit string
	size  *string
}

func (n negative) String() string { return "" }
func (n negative) Type() string   { return "SIZE" }
func (n negative) Set(rest string) error {
	*n.size = "-" + n.digit + rest
	return nil
}
