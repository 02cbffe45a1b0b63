package qcow2

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shunt/model/safetext"
)

// The name of a backing file is a path, "file:" and a path, or "json:" and an object of QEMU's options:
//
//	json:{"driver": "qcow2", "file": {"driver": "file", "filename": "/images/base.qcow2"}}
//
// Members of "file" can also be written as "file.driver" and "file.filename". All other names are those of protocols.

// options are those in the object of a name, by their keys with dots.
type options map[string]string

// Keys of the options that are read. All others change what the disk shows.
const (
	optDriver     = "driver"
	optFileDriver = "file.driver"
	optFileName   = "file.filename"
)

// optionsOf returns the options in a name; ok is false if it has none.
func optionsOf(name string) (o options, ok bool, err error) {
	text, ok := strings.CutPrefix(name, "json:")
	if !ok {
		return nil, false, nil
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return nil, true, fmt.Errorf("it is no JSON object: %w", err)
	}
	o = options{}
	return o, true, o.add("", object)
}

func (o options) add(prefix string, object map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		key, v := prefix+key, object[key]
		switch v := v.(type) {
		case map[string]any:
			if err := o.add(key+".", v); err != nil {
				return err
			}
			continue
		case string:
			if _, twice := o[key]; !twice && (key == optDriver || key == optFileDriver || key == optFileName) {
				o[key] = v
				continue
			}
		}
		return fmt.Errorf("its option %s is not supported", safetext.Printable(key))
	}
	return nil
}

// statedFormat is the format that a name states, "" if it states none.
func statedFormat(name string) string {
	o, _, err := optionsOf(name)
	if err != nil {
		return ""
	}
	return o[optDriver]
}

// backingFile returns the path of the backing file of the image at path. It fails if the image names no file. As for QEMU,
// a relative name counts from the directory of the image as it was named, without following links first. One among
// options counts from the working directory.
func (h *Header) backingFile(path string) (string, error) {
	o, ok, err := optionsOf(h.Backing)
	switch {
	case err != nil:
		return "", err
	case !ok && protocol(h.Backing):
		return "", errors.New("it is named as a protocol")
	case !ok:
		return beside(path, strings.TrimPrefix(h.Backing, "file:")), nil
	case o[optFileName] == "":
		return "", fmt.Errorf("it has no option %s", optFileName)
	case o[optFileDriver] != "" && o[optFileDriver] != "file":
		return "", fmt.Errorf("its option %s is not supported with the value %s",
			optFileDriver, safetext.Printable(o[optFileDriver]))
	case o[optDriver] != "" && o[optDriver] != h.BackingFormat:
		return "", fmt.Errorf("it says %s, and the image %s",
			safetext.Printable(o[optDriver]), safetext.Printable(h.BackingFormat))
	}
	return o[optFileName], nil
}

// protocol reports whether QEMU takes a name for that of something else than a file.
func protocol(name string) bool {
	before, _, found := strings.Cut(strings.TrimPrefix(name, "file:"), ":")
	return found && !strings.Contains(before, "/")
}
