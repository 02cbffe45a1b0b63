package cli

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestPickByTyping starts the program without a target in a directory of images and opens one by typing a part of its
// name. What was opened is remembered, and how to begin is told once.
func TestPickByTyping(t *testing.T) {
	testneed.Tool(t, "sfdisk")
	testneed.Tool(t, "mkfs.ext4")
	for _, p := range people() {
		t.Run(p.name, func(t *testing.T) {
			dir := p.dir(t)
			sh(t, dir, `truncate -s 64M "the other one.raw" stick.raw; mkfs.ext4 -q "the other one.raw"
				printf 'label: gpt\n,10M\n,20M\n' | sfdisk -q --no-tell-kernel stick.raw; echo text > notes.txt`)
			for _, name := range []string{"the other one.raw", "stick.raw"} {
				p.own(t, filepath.Join(dir, name))
			}
			before := digest(t, filepath.Join(dir, "stick.raw"))
			start := func() onTerminal {
				cmd := p.program(t)
				cmd.Dir = dir
				cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
				return onScreen(t, cmd)
			}
			o := start()
			o.sees(t, "GPT, 2 partitions")
			o.sees(t, "1 more (hidden, or not an image)")
			o.press(t, "other")
			o.sees(t, "ext4 covers the disk")
			o.press(t, "\r")
			o.sees(t, "whole disk")
			o.sees(t, "g to make room")
			leave(t, o)

			remembered := filepath.Join(dir, "state", "shunt", "recent")
			text, err := os.ReadFile(remembered)
			if want := strconv.Quote(filepath.Join(dir, "the other one.raw")) + "\n"; err != nil || string(text) != want {
				t.Fatalf("remembers %q, %v", text, err)
			}
			o = start()
			o.sees(t, "cent") // of Recent, which may be drawn over "Reading", and only what differs is sent
			o.press(t, dir+"/sti\t")
			o.sees(t, "stick.raw")
			o.press(t, "\r")
			o.sees(t, "512 B sectors")
			if strings.Contains(escapes.ReplaceAllString(o.said.String(), ""), "g to make room") {
				t.Error("told twice how to begin")
			}
			leave(t, o)
			text, err = os.ReadFile(remembered)
			if err != nil || strings.Count(string(text), "\n") != 2 || !strings.HasPrefix(string(text), strconv.Quote(filepath.Join(dir, "stick.raw"))) {
				t.Errorf("remembers %q, %v", text, err)
			}
			if digest(t, filepath.Join(dir, "stick.raw")) != before {
				t.Error("the image was changed")
			}
		})
	}
}
