package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/session"
)

// completing sets the shell completion of each argument: file names, unless something else fits. Completion locks and
// writes nothing, and offers nothing for a target that cannot be read.
func completing(root *cobra.Command) {
	_ = root.MarkPersistentFlagDirname("journal")
	for name, values := range map[string][]cobra.Completion{
		"sector-size": {"512", "4096"},
		"align":       {"mib\tmultiples of 1 MiB", "cylinder\tends of cylinders", "none\tto the sector"},
	} {
		_ = root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	for _, cmd := range leaves(root) {
		names := argumentNames(cmd)
		if cmd.GroupID == topicGroup || cmd.Name() == "help" {
			continue
		}
		cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			switch {
			case len(args) >= len(names) && strings.HasSuffix(cmd.Use, "..."):
				return nil, cobra.ShellCompDirectiveDefault
			case len(args) >= len(names):
				return nil, cobra.ShellCompDirectiveNoFileComp
			case len(args) == 1 && strings.HasPrefix(names[1], "P") && names[1] != "PLAN":
				return partitionNumbers(args[0])
			case slices.Contains(noFiles, names[len(args)]):
				return nil, cobra.ShellCompDirectiveNoFileComp
			case names[len(args)] == "DIR":
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveDefault
		}
	}
}

// noFiles lists arguments that are not names of files. PATH is a directory inside a partition.
var noFiles = []string{"PATH", "SIZE", "NAME"}

// argumentNames returns the names of a command's arguments in its usage line. A flag that the command cannot do without is
// in that line too, with its value.
func argumentNames(cmd *cobra.Command) []string {
	var names []string
	words := strings.Fields(cmd.Use)[1:]
	for i, word := range words {
		if strings.HasPrefix(word, "--") || i > 0 && strings.HasPrefix(words[i-1], "--") {
			continue
		}
		names = append(names, strings.Trim(word, "[]."))
	}
	return names
}

// partitionNumbers completes the number of a partition, with a description.
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
		size := geometry.FormatBytes(disk.SectorSize.Bytes(p.Span.Len()))
		words := fmt.Sprintf("%s %s %s", p.FS.Kind, size, harmless(p.FS.Label))
		list = append(list, strconv.Itoa(p.Number)+"\t"+strings.TrimSpace(words))
	}
	return list, directive
}

var plainWord = regexp.MustCompile(`^[0-9A-Za-z_.-]*$`)

// harmless returns a label if every shell treats it as a plain word, otherwise "". Completion scripts may evaluate it.
func harmless(label string) string {
	if !plainWord.MatchString(label) {
		return ""
	}
	return label
}
