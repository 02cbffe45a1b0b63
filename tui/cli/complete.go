package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/session"
)

// completing tells the shells' completions what can stand where: file names unless something else is told. Nothing is
// locked or written for it, and what cannot be read completes to nothing.
func completing(root *cobra.Command) {
	_ = root.MarkPersistentFlagDirname("journal")
	for name, values := range map[string][]cobra.Completion{
		"sector-size": {"512", "4096"},
		"align":       {"mib\tmultiples of 1 MiB", "cylinder\tends of cylinders", "none\tto the sector"},
	} {
		_ = root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	for _, cmd := range root.Commands() {
		names := argumentNames(cmd)
		if cmd.HasSubCommands() || cmd.GroupID == topicGroup || cmd.Name() == "help" {
			continue
		}
		cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			switch {
			case len(args) >= len(names):
				return nil, cobra.ShellCompDirectiveNoFileComp
			case len(args) == 1 && strings.HasPrefix(names[1], "P") && names[1] != "PLAN":
				return partitionNumbers(args[0])
			case names[len(args)] == "PATH":
				return nil, cobra.ShellCompDirectiveNoFileComp // a directory in the partition
			case names[len(args)] == "DIR":
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveDefault
		}
	}
}

// argumentNames are the words for a command's arguments in its usage line.
func argumentNames(cmd *cobra.Command) []string {
	var names []string
	for _, word := range strings.Fields(cmd.Use)[1:] {
		names = append(names, strings.Trim(word, "[]."))
	}
	return names
}

// partitionNumbers completes the number of a partition, with what it is.
func partitionNumbers(path string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	disk, _, _, err := session.Inspect(path, session.Options{SectorSize: geometry.Sector512})
	if err != nil {
		return nil, directive
	}
	var list []cobra.Completion
	for _, p := range disk.Partitions() {
		if p.Role == model.Extended {
			continue
		}
		words := fmt.Sprintf("%s %s %s", p.FS.Kind, geometry.FormatBytes(disk.SectorSize.Bytes(p.Span.Len())), harmless(p.FS.Label))
		list = append(list, strconv.Itoa(p.Number)+"\t"+strings.TrimSpace(words))
	}
	return list, directive
}

// harmless is a label that no shell can take for anything but a word, or nothing: who knows what scripts do with what a
// disk says.
func harmless(label string) string {
	if strings.ContainsFunc(label, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_' || r == '-' || r == '.')
	}) {
		return ""
	}
	return label
}
