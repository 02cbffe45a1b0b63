package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usage marks an error as wrong usage of the program.
func usage(err error) error { return &exitError{exitUsage, err, "shunt"} }

// usageOf marks an error as wrong usage of a command. The user is pointed to the help of the command.
func usageOf(cmd *cobra.Command, err error) error {
	return &exitError{exitUsage, err, cmd.CommandPath()}
}

// arguments checks the number of arguments.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		line := callOf(cmd)
		switch names := argumentNames(cmd); {
		case len(args) < least:
			missing, verb := names[len(args):least], "is"
			if len(missing) > 1 {
				verb = "are"
			}
			return usageOf(cmd, fmt.Errorf("%s %s missing; the command is `%s`", strings.Join(missing, " and "), verb, line))
		case len(args) > most:
			return usageOf(cmd, fmt.Errorf("%q is one argument too many; the command is `%s`", args[most], line))
		}
		return nil
	}
}

// group makes cmd one that only holds other commands. Without one of them it fails and lists them.
func group(cmd *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(commands...)
	cmd.DisableFlagsInUseLine = true
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		list := strings.Join(names, ", ")
		if len(args) == 0 {
			return usageOf(cmd, fmt.Errorf("COMMAND is missing; it is one of %s", list))
		}
		return usageOf(cmd, fmt.Errorf("there is no command %q of `%s`; there are %s", args[0], cmd.CommandPath(), list))
	}
	cmd.RunE = func(*cobra.Command, []string) error { return nil } // no arguments are right, so it is never called
	return cmd
}

// leaves returns the commands below cmd that hold no others, in the order of the help.
func leaves(cmd *cobra.Command) (list []*cobra.Command) {
	for _, c := range cmd.Commands() {
		if c.HasSubCommands() {
			list = append(list, leaves(c)...)
		} else {
			list = append(list, c)
		}
	}
	return list
}

// callOf returns how a command is called, without its flags.
func callOf(cmd *cobra.Command) string { return strings.TrimSuffix(cmd.UseLine(), " [flags]") }

// helpArguments checks that there is help on what the user asks for.
func helpArguments(cmd *cobra.Command, args []string) error {
	if found, rest, err := cmd.Root().Find(args); len(args) > 0 && (err != nil || found == cmd.Root() || len(rest) > 0) {
		return usageOf(cmd.Root(), fmt.Errorf("there is no help on %q", strings.Join(args, " ")))
	}
	return nil
}

// flagError is the error for flags that cannot be understood.
func flagError(cmd *cobra.Command, err error) error {
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		err = fmt.Errorf("--%s cannot be %q", wrong.GetFlag().Name, wrong.GetValue())
	}
	return usageOf(cmd, err)
}
