package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"shunt/ops/session"
)

// swapCommand returns swapon, or swapoff.
func (s *settings) swapCommand(on bool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "swapoff TARGET P",
		Short: "Stop the system from swapping to partition P of a device or an attached image",
		Long: "Swapoff undoes `shunt swapon`, and what other programs did in this way, so that the partition can be edited. What\n" +
			"was swapped out goes back into memory first; if there is not enough, the system goes on swapping to it.",
		Args: arguments(2, 2),
	}
	if on {
		cmd.Use, cmd.Short = "swapon TARGET P", "Let the system swap to partition P of a device or an attached image"
		cmd.Long = "Swapon lets the system use the swap space in partition P. P is 0 for swap space that covers a device without a\n" +
			"partition table. Of an image that is attached (`shunt attach`), the loop device is used. The table and the swap\n" +
			"space are not changed. It needs root."
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error { return s.swap(args[0], args[1], on) }
	return cmd
}

func (s *settings) swap(path, number string, on bool) error {
	n, err := partitionNumber(number)
	if err != nil {
		return err
	}
	if !on {
		name, err := session.SwapOff(path, n, s.opts)
		if err == nil {
			s.say("The system no longer swaps to %s.", name)
		}
		return err
	}
	name, err := session.SwapOn(path, n, s.opts)
	if err == nil {
		s.say("The system swaps to %s. `%s` ends that.", name, s.opts.Call(path).LineTo("swapoff", strconv.Itoa(n)))
	}
	return err
}
