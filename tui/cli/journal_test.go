package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// limited is a run of the program under a limit of the shell's ulimit.
func (p person) limited(t *testing.T, limit string, args ...string) outcome {
	t.Helper()
	return p.after(t, "ulimit "+limit, args...)
}

// after is a run of the program in a shell's process that did something first.
func (p person) after(t *testing.T, script string, args ...string) outcome {
	t.Helper()
	cmd := p.program(t, args...)
	if cmd.Path == "/proc/self/exe" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Path = self
	}
	under := exec.Command("sh", append([]string{"-c", script + ` && exec "$0" "$@"`, cmd.Path}, args...)...)
	under.Env, under.SysProcAttr = cmd.Env, cmd.SysProcAttr
	return finish(t, under)
}

// interrupted begins to apply the plan under a limit of the length of files that the commit runs into while it copies.
func (s slow) interrupted(t *testing.T) {
	t.Helper()
	args := append(s.args("apply", "--yes"), s.plan)
	s.person.limited(t, fmt.Sprintf("-f %d", slowTo/512+100), args...).want(t, 4, "cannot copy sectors ", "Nothing is lost", "shunt recover", "--rollback")
}

// TestJournalRefused spoils the journal of an interrupted commit, or gives it another target. The program refuses, says
// why and what to do, and leaves target and journal alone; with the right journal back it recovers.
func TestJournalRefused(t *testing.T) {
	t.Parallel()
	original := newSlow(t, 3<<20)
	sh(t, ".", "sgdisk -m 1 '"+original.image+"'") // a GPT has a copy at the end, which the limit would keep from being fenced
	original.before = digest(t, original.image)
	s := original.of(t, people()[0])
	s.interrupted(t)
	dir := s.image + ".shunt"
	journal := filepath.Join(dir, "journal")
	whole, half := readFile(t, journal), digest(t, s.image)

	refused := func(name string, spoil func(b []byte) []byte, code int, words ...string) {
		t.Helper()
		writeFile(t, journal, spoil(bytes.Clone(whole)))
		t.Log(name)
		for _, args := range [][]string{{"recover", s.image}, {"recover", "--rollback", s.image}} {
			s.person.run(t, args...).want(t, code, words...)
		}
		s.person.run(t, "apply", "--yes", s.image, s.plan).want(t, exitUnfinished)
		if digest(t, s.image) != half {
			t.Fatalf("%s: the image changed", name)
		}
		writeFile(t, journal, whole)
	}
	advice := []string{"journal is damaged", "nothing was changed", "put the journal's files back", "restore the target from a backup"}
	refused("a byte of the program", func(b []byte) []byte { b[16384+200] ^= 1; return b }, exitUnfinished, advice...)
	refused("both copies of a record", func(b []byte) []byte { b[20] ^= 1; b[4096+20] ^= 1; return b }, exitUnfinished, advice...)
	refused("cut short", func(b []byte) []byte { return b[:len(b)-1] }, exitUnfinished, advice...)
	refused("another version", func(b []byte) []byte {
		for at := 0; at < 16384; at += 4096 {
			record := b[at : at+128]
			if record[0] != 0 {
				binary.BigEndian.PutUint32(record[8:], 99)
				binary.BigEndian.PutUint32(record[124:], crc32.Checksum(record[:124], crc32.MakeTable(crc32.Castagnoli)))
			}
		}
		return b
	}, exitUnfinished, "another format version", "it is 99", "use the shunt that wrote it", "nothing was changed")

	// The image is another one, or one that was used since. Its journal is not for it.
	other := []string{"not as the interrupted transaction left it", "neither finishing nor rolling back is safe", "The journal was not changed"}
	keep := filepath.Join(t.TempDir(), "half.raw")
	sh(t, ".", "cp --sparse=always '"+s.image+"' '"+keep+"'")
	for name, change := range map[string]string{
		"longer":        "truncate -s +1M IMG",
		"a table again": "dd if='" + original.image + "' of=IMG bs=512 count=1 conv=notrunc 2>/dev/null",
	} {
		sh(t, ".", "cp --sparse=always '"+keep+"' '"+s.image+"'")
		sh(t, ".", "IMG='"+s.image+"'; "+string(bytes.ReplaceAll([]byte(change), []byte("IMG"), []byte(`"$IMG"`))))
		sum := digest(t, s.image)
		t.Log(name)
		for _, args := range [][]string{{"recover", s.image}, {"recover", "--rollback", s.image}} {
			s.person.run(t, args...).want(t, exitInterrupted, other...)
		}
		if digest(t, s.image) != sum {
			t.Fatalf("%s: the image changed", name)
		}
	}
	sh(t, ".", "cp --sparse=always '"+keep+"' '"+s.image+"'")
	s.person.run(t, "recover", "--rollback", s.image).want(t, 0, "Rolled back")
	s.isBefore(t)
	s.interrupted(t)
	s.person.run(t, "recover", s.image).want(t, 0, "Done")
	s.isAfter(t)
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
