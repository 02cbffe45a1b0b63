package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/ops/nearby"
	"shunt/ops/report"
)

// finder finds targets as they would be opened.
func (s *settings) finder() nearby.Finder {
	return nearby.Finder{Disks: s.allowDisks, SectorSize: s.opts.SectorSize, Format: s.format}
}

// targets completes the path of an image or a device. It opens nothing but the directory.
func (s *settings) targets(begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	list := s.candidates(begun)
	if len(list) == 0 || len(list) > 1 && slices.ContainsFunc(list, needsQuotes) {
		// Scripts of cobra do not quote what several names have in common. Shells do.
		return nil, filesToo
	}
	directive := filesToo
	if len(list) == 1 && strings.HasSuffix(list[0], "/") {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return list, directive
}

// copied completes "TARGET:P:PATH" up to the path.
func (s *settings) copied(begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const noSpace = cobra.ShellCompDirectiveNoSpace
	if end := strings.LastIndex(begun, ":"); end > 0 {
		if info, err := os.Stat(begun[:end]); err == nil && !info.IsDir() {
			list, directive := s.partitions(begun[:end], begun[end+1:])
			for i, c := range list {
				word, means, _ := strings.Cut(c, "\t")
				list[i] = offered(begun[:end+1]+word+":", means)
			}
			return list, directive | noSpace
		}
		if len(s.candidates(begun)) == 0 {
			return nil, noFiles // it is a path inside a partition
		}
	}
	list, directive := s.targets(begun)
	for i, c := range list {
		if word, means, _ := strings.Cut(c, "\t"); !strings.HasSuffix(word, "/") {
			list[i] = offered(word+":", means)
		}
	}
	return list, directive | noSpace
}

// candidates lists the directories, likely images and devices whose paths begin with what is typed.
func (s *settings) candidates(begun string) []cobra.Completion {
	var devices []report.Candidate
	if strings.HasPrefix(begun, "/dev/") {
		devices = s.finder().BlockDevices()
	}
	return listed(begun, func(e report.Candidate) bool {
		return e.Kind == report.CandidateFile && e.Likely ||
			slices.ContainsFunc(devices, func(d report.Candidate) bool { return d.Path == e.Path })
	})
}

// planFiles lists the directories and the files that are no images, as far as their names need no quotes.
func planFiles(begun string) []cobra.Completion {
	list := listed(begun, func(e report.Candidate) bool { return e.Kind == report.CandidateFile && !e.Likely })
	return slices.DeleteFunc(list, needsQuotes)
}

// listed lists the directories whose paths begin with what is typed, and what else is wanted.
func listed(begun string, wanted func(report.Candidate) bool) (list []cobra.Completion) {
	dir, base := filepath.Split(begun)
	_, entries, err := nearby.Finder{}.List(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		word := dir + e.Name
		switch {
		case !strings.HasPrefix(e.Name, base), base == "" && strings.HasPrefix(e.Name, "."), strings.ContainsFunc(e.Name, unprintable):
		case e.Kind == report.CandidateDir && strings.HasSuffix(e.Name, ".shunt") && base != e.Name: // a journal, not a place for images
		case e.Kind == report.CandidateDir:
			list = append(list, word+"/")
		case e.Kind == report.CandidateFile && wanted(e):
			list = append(list, offered(word, geometry.FormatBytes(e.Size)))
		case wanted(e):
			list = append(list, word)
		}
	}
	return list
}

// unprintable reports whether a name with this character cannot be one line of an answer.
func unprintable(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }

// harmlessPath matches paths that mean the same in every shell with and without quotes.
var harmlessPath = regexp.MustCompile(`^[0-9A-Za-z_./+@%:,-]*$`)

func needsQuotes(c cobra.Completion) bool {
	word, _, _ := strings.Cut(c, "\t")
	return !harmlessPath.MatchString(word)
}
