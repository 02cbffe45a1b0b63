package fsys

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// Each program is in the package that the support matrix names for it, as Debian's lists of files have it.
func TestPackages(t *testing.T) {
	lists := map[string][]string{}
	programs := func(pkg string) []string {
		if _, read := lists[pkg]; !read {
			text, err := os.ReadFile("/var/lib/dpkg/info/" + pkg + ".list")
			if err != nil {
				testneed.Missing(t, "needs the Debian package "+pkg)
			}
			for file := range strings.Lines(string(text)) {
				if dir, name := path.Split(strings.TrimSpace(file)); path.Base(dir) == "bin" || path.Base(dir) == "sbin" {
					lists[pkg] = append(lists[pkg], name)
				}
			}
		}
		return lists[pkg]
	}
	for _, d := range drivers {
		for _, a := range []ability{d.create, d.grow, d.shrink, d.check, d.label, d.uuid, d.online, d.replays} {
			for _, tool := range a.tools {
				pkg := packageOf(tool, d.Package)
				if !slices.Contains(programs(pkg), tool) {
					t.Errorf("%s: the package %s has no program %s", d.Kind, pkg, tool)
				}
			}
		}
	}
}
