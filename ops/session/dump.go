package session

import (
	"errors"
	"fmt"
	"io"
	"os"

	"shunt/model/dump"
	"shunt/model/tried"
)

// ReadDump reads a saved partition table from a file. The error names the file and, for a fault in it, the line.
func ReadDump(path string) (t dump.Table, err error) {
	defer func() {
		if err != nil {
			err = tried.Errorf("read the table in %s: %w", path, tried.Cause(err))
		}
	}()
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file") // a pipe would never end
	}
	if err != nil {
		return t, err
	}
	f, err := os.Open(path)
	if err != nil {
		return t, err
	}
	defer func() { _ = f.Close() }() // only read
	return ParseDump(f)
}

// ParseDump reads a saved partition table.
func ParseDump(r io.Reader) (dump.Table, error) {
	text, err := io.ReadAll(io.LimitReader(r, dump.MaxBytes+1))
	if err != nil {
		return dump.Table{}, fmt.Errorf("read: %w", err)
	}
	return dump.Parse(string(text))
}
