package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"shunt/model/safetext"
)

// A wayOut makes a raw image of a file in a format that has no driver.
type wayOut struct {
	verb string // what it does with the file: "convert", "unpack"
	// command runs in a shell. The words IN and OUT stand for the names of the file and of the new image. BASE is OUT
	// without its ending ".raw", for a program that adds the ending itself.
	command string
	pack    string // the Debian package with the program; "" if there is none
	qemu    string // QEMU's name for the format; "" if it does not read it
}

func convert(pack, command string) wayOut {
	return wayOut{verb: "convert", command: command, pack: pack}
}

func unpack(pack, command string) wayOut { return wayOut{verb: "unpack", command: command, pack: pack} }

// byQEMU converts a format that qemu-img knows by this name.
func byQEMU(name string) wayOut {
	return wayOut{verb: "convert", command: "qemu-img convert -f " + name + " -O raw IN OUT", pack: "qemu-utils", qemu: name}
}

var (
	byEWF = convert("ewf-tools", "ewfexport -q -u -f raw -t BASE IN")
	// ewfexport opens files with the usual endings alone.
	byRenamedEWF = convert("ewf-tools", "ln IN BASE.E01 && ewfexport -q -u -f raw -t BASE BASE.E01")
	ewfName      = regexp.MustCompile(`\.(?:[Ee][Xx]?|[Ss])[0-9A-Za-z]{2}$`)
	// Nothing outside of macOS reads these formats reliably. UDTO is its name for a raw image.
	byMac = convert("", "hdiutil convert -format UDTO -o BASE IN")
)

// refusal returns the error for a file that cannot be opened, because its format has no driver or a loop device shows it.
func (f format) refusal(path string) *Format {
	return &Format{Path: path, Name: f.name, Advice: f.advice(path), QEMU: f.way.qemu}
}

// advice says how to make a raw image of the file, beside it and under a free name.
func (f format) advice(path string) string {
	if f.driver != nil {
		return "open the file behind the loop device"
	}
	in := path
	if f.whole != "" {
		in = f.whole
	}
	if f.lost {
		missing := "its descriptor"
		if f.whole != "" {
			missing = safetext.Word(f.whole)
		}
		return fmt.Sprintf("it is a part of a disk, and only %s says how the parts belong together: get that file", missing)
	}
	if strings.HasPrefix(in, "-") || !strings.HasPrefix(in, "/") && strings.Contains(in, ":") {
		in = "./" + in // neither an option nor, for qemu-img, the name of a protocol
	}
	out := rawName(in)
	way := f.way
	if way == byEWF && !ewfName.MatchString(in) {
		way = byRenamedEWF
	}
	words := strings.Fields(way.command)
	for i, word := range words {
		switch word {
		case "IN":
			words[i] = safetext.Word(in)
		case "OUT":
			words[i] = safetext.Word(out)
		case "BASE":
			words[i] = safetext.Word(strings.TrimSuffix(out, ".raw"))
		case "BASE.E01":
			words[i] = safetext.Word(strings.TrimSuffix(out, ".raw") + ".E01")
		}
	}
	where := " on a Mac"
	if f.way.pack != "" {
		where = fmt.Sprintf(" (package %s)", f.way.pack)
	}
	return fmt.Sprintf("%s it first: `%s`%s", f.way.verb, strings.Join(words, " "), where)
}

// rawName returns a path beside path that does not exist yet.
func rawName(path string) string {
	const most = 240 // bytes of a name, with room for the ending
	dir, name := filepath.Split(path)
	name = strings.ToValidUTF8(name[:min(len(name), most)], "_")
	for i := 1; ; i++ {
		out := dir + name + ".raw"
		if i > 1 {
			out = fmt.Sprintf("%s%s.%d.raw", dir, name, i)
		}
		if _, err := os.Lstat(out); err != nil {
			return out
		}
	}
}

// Format is returned for a disk image, or a packed one, in a format that shunt cannot edit.
type Format struct {
	Path   string // as the user gave it
	Name   string // the format: "qcow2", "VMDK", "xz"
	Advice string // how to make a raw image of it
	QEMU   string // QEMU's name for the format, "" if QEMU does not read it
}

func (e *Format) Error() string {
	article := "a"
	if strings.ContainsRune("AEx", rune(e.Name[0])) {
		article = "an"
	}
	return fmt.Sprintf("%s is %s %s file, which this version cannot edit: %s", e.Path, article, e.Name, e.Advice)
}
