package cli

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/plan"
)

// Directives of cobra to the shells.
const (
	filesToo = cobra.ShellCompDirectiveDefault    // names of files, where nothing that was offered fits
	noFiles  = cobra.ShellCompDirectiveNoFileComp // only what was offered
	inOrder  = noFiles | cobra.ShellCompDirectiveKeepOrder
)

// completing sets the shell completion of each argument: targets, partitions, words of plans, or names of files. Completion
// locks and writes nothing, and offers nothing for a target that cannot be read.
func (s *settings) completing(root *cobra.Command) {
	_ = root.MarkPersistentFlagDirname("journal")
	for name, values := range map[string][]cobra.Completion{
		"sector-size": {"512", "4096"},
		"align":       {"mib\tmultiples of 1 MiB", "2mib\tmultiples of 2 MiB", "cylinder\tends of cylinders", "none\tto the sector"},
		"animation":   {"on", "off", "auto"},
	} {
		_ = root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, noFiles))
	}
	for _, cmd := range append(leaves(root), root) {
		if cmd.GroupID != topicGroup && cmd.Name() != "help" {
			cmd.ValidArgsFunction = s.argument
		}
	}
}

// argument completes an argument by its name in the command's usage line.
func (s *settings) argument(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if s.read(cmd, args) != nil { // cobra does not call it for completion
		return nil, noFiles
	}
	names, at := argumentNames(cmd), len(args)
	if at >= len(names) {
		if !strings.HasSuffix(strings.TrimSuffix(cmd.Use, "]"), "...") {
			return nil, noFiles
		}
		at = len(names) - 1
	}
	switch name := names[at]; {
	case name == planArgument:
		return s.planWords(args[0], args[1:], begun)
	case name == "DIR":
		return nil, cobra.ShellCompDirectiveFilterDirs
	case name == copiedArgument:
		return s.copied(begun)
	case name == "FILE" && at > 0: // beside a target: a saved table, or a new image
		return nil, filesToo
	case slices.Contains(targetArguments, name):
		return s.targets(begun)
	case name == "P" || strings.HasPrefix(name, "P|"):
		return s.partitions(args[0], begun)
	case slices.Contains([]string{"PATH", "SIZE", "NAME"}, name): // PATH is a directory inside a partition
		return nil, noFiles
	case strings.ToLower(name) == name || strings.HasPrefix(name, "to"): // "to|by", and "[to"
		return strings.Split(name, "|"), noFiles
	}
	return nil, filesToo
}

// Names of arguments in usage lines. Those of targets that exist are in targetArguments.
const (
	planArgument   = "PLAN|LINE"
	copiedArgument = "TARGET:P:PATH"
)

var targetArguments = []string{"TARGET", "IMAGE", "IMAGE|DEVICE", "DIR|IMAGE", "FILE", "SOURCE", "SRC", "OVERLAY", "A", "B"}

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

// partitions completes the number of a partition, with a description.
func (s *settings) partitions(path, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	d, _ := s.finder().Disk(path) // without partitions if it cannot be read
	var list []cobra.Completion
	for _, p := range d.Partitions() {
		if p.Role == model.Extended {
			continue
		}
		// A number may be written as it is displayed. Shells drop what does not begin with what is typed.
		word := strconv.Itoa(p.Number)
		if strings.HasPrefix(begun, "p") {
			word = p.Ref()
		}
		list = append(list, offered(word, plan.Described(d, p)))
	}
	return list, inOrder
}

// planWords completes a plan file or, word by word, a line of a plan.
func (s *settings) planWords(path string, words []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	d, err := s.finder().Disk(path)
	if err != nil {
		return nil, filesToo
	}
	var list []cobra.Completion
	directive := inOrder
	if len(words) == 0 {
		list, directive = planFiles(begun), filesToo|cobra.ShellCompDirectiveKeepOrder
	}
	offers := plan.Next(ops.NewQueue(d, ops.Env{Caps: fsys.Discover()}), words, begun)
	for _, o := range offers {
		list = append(list, offered(o.Word, o.Means))
	}
	if len(list) == 1 && (strings.HasSuffix(list[0], "/") || len(offers) == 1 && offers[0].Open) {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return list, directive
}

// offered returns a completion with its description.
func offered(word, means string) cobra.Completion {
	var plain []string
	for _, w := range strings.Fields(means) {
		if harmless.MatchString(w) {
			plain = append(plain, w)
		}
	}
	if len(plain) == 0 {
		return word
	}
	return word + "\t" + strings.Join(plain, " ")
}

// harmless matches words that every shell takes as they are. Completion scripts may evaluate what they are given.
var harmless = regexp.MustCompile(`^[0-9A-Za-z_.-]*$`)
