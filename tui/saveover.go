package tui

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// This file decides what a text may replace: another text. Whatever is a disk image, or could be one, stays.

// mostReplaced is the size in bytes of the longest file that a text replaces. Longer ones are images rather than texts.
const mostReplaced = 16 << 20

// elsewhere ends the refusal to replace a file.
const elsewhere = ": choose another name, or remove it first"

// replaceable returns what is known about the file at path, or why no text may replace it.
func replaceable(path string, look look) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode().Type() == fs.ModeSymlink:
		return nil, errors.New("it is a symbolic link, which shunt does not replace")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > mostReplaced:
		return nil, errors.New("it is too large to be a text that was saved before" + elsewhere)
	case info.Size() == 0:
		return info, nil
	}
	data, err := oldText(path, info)
	switch {
	case err != nil:
		return nil, errors.New("shunt cannot read whether it is a text" + elsewhere)
	case !plainText(data):
		return nil, errors.New("it is not a text, and may be a disk image" + elsewhere)
	}
	for _, seen := range look([]string{path}) {
		if seen.Image || seen.Format != "" && seen.Format != "raw" { // some formats describe a disk in a text
			return nil, errors.New("it is a disk image" + elsewhere)
		}
	}
	return info, nil
}

// oldText reads the regular file that info is about. Another file may have its name by now: it is not opened, since it could be a
// pipe that blocks this process.
func oldText(path string, info fs.FileInfo) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	held := os.NewFile(uintptr(fd), path)
	defer func() { _ = held.Close() }() // it was only looked at
	if now, err := held.Stat(); err != nil || !os.SameFile(now, info) {
		return nil, errors.Join(err, errors.New("it was replaced meanwhile"))
	}
	f, err := os.OpenFile("/proc/self/fd/"+strconv.Itoa(fd), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, mostReplaced))
}

// plainText reports whether data is text in UTF-8. A terminal's escapes are possible in a log.
func plainText(data []byte) bool {
	return utf8.Valid(data) && bytes.IndexFunc(data, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' && r != '\f' && r != '\x1b'
	}) < 0
}
