package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

var formatKills = flag.Int("format-kills", 2, "how often to kill a run on an image of each of QEMU's formats")

// foreignFormats are QEMU's formats that are edited in place, with the options of qemu-img that make them. The size stays that of
// the raw image.
var foreignFormats = map[string]string{
	"vmdk": "", "vdi": "", "vpc": "-o force_size=on", "vhdx": "", "qed": "", "parallels": "",
}

// TestKillForeign does what TestKill does to images of QEMU's formats, and kills the daemon that serves them as well. After
// `shunt recover` qemu-img finds nothing to mend.
func TestKillForeign(t *testing.T) {
	testneed.Tool(t, "qemu-storage-daemon")
	testneed.Tool(t, "qemu-img")
	plan := filepath.Join(t.TempDir(), "plan")
	if err := os.WriteFile(plan, []byte(strings.ReplaceAll(killPlan, "image grow 10MiB\n", "")), 0o644); err != nil {
		t.Fatal(err)
	}
	for format, options := range foreignFormats {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			raw := func(t *testing.T, image string) string {
				t.Helper()
				out := filepath.Join(t.TempDir(), "disk")
				check := fmt.Sprintf("qemu-img check -q -f %s '%s' && ", format, image)
				switch format {
				case "vpc": // qemu-img does not check it
					check = ""
				case "qed": // QEMU gives back no leaks of QED, code 3
					check = fmt.Sprintf("{ qemu-img check -q -f qed '%s' || [ $? = 3 ]; } && ", image)
				}
				sh(t, ".", fmt.Sprintf("%sqemu-img convert -f %s -O raw '%s' '%s'", check, format, image, out))
				return out
			}
			k := killing{
				command: "apply", words: []string{plan}, daemon: true, size: 320 * mib,
				at: map[int]place{1: {84 * mib, 50 * mib}, 3: {144 * mib, 90 * mib}},
			}
			kill(t, k, *formatKills, raw, func(t *testing.T, image string) string {
				t.Helper()
				sh(t, filepath.Dir(image), fmt.Sprintf("qemu-img convert -O %s %s '%s' made && mv made '%s'", format, options, image, image))
				return format
			})
		})
	}
}
