package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionFlag gives the program --version and -V.
func versionFlag(root *cobra.Command) {
	info, _ := debug.ReadBuildInfo()
	root.Version = versionText(info)
	root.SetVersionTemplate("shunt {{.Version}}\n")
	root.Flags().BoolP("version", "V", false, "print the version")
}

// versionCommand is for those who type a command instead of --version.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Hidden: true, Args: arguments(0, 0), DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "shunt %s\n", cmd.Root().Version)
			return err
		},
	}
}

// versionText returns the version that the Go tool recorded in the program, or else the commit, and what built it.
func versionText(info *debug.BuildInfo) string {
	const short = 12 // characters of a commit
	version, built := "development version", ""
	if info != nil {
		settings := make(map[string]string)
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		if v := info.Main.Version; v != "" && v != "(devel)" {
			version = v
		} else if commit := settings["vcs.revision"]; commit != "" {
			version = "commit " + commit[:min(short, len(commit))]
			if settings["vcs.modified"] == "true" {
				version += ", changed"
			}
		}
		built = info.GoVersion
	}
	return fmt.Sprintf("%s (%s, %s/%s)", version, cmp.Or(built, runtime.Version()), runtime.GOOS, runtime.GOARCH)
}
