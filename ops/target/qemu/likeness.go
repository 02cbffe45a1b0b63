package qemu

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// likeness returns the options with which qemu-img makes an image like this one.
func (f *file) likeness() ([]string, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	switch f.format {
	case VMDK:
		return likeVMDK(f.Read)
	case VDI:
		return []string{"static=" + onOff(f.facts.sub == "static")}, nil
	case VPC:
		options := []string{"subformat=" + f.facts.sub}
		if !f.inCylinders() {
			options = append(options, "force_size=on")
		}
		return options, nil
	case VHDX:
		return likeVHDX(f.Read)
	case QED: // docs/interop/qed_spec.txt: the sizes of a cluster in bytes and of a table in clusters
		b, err := part(f.Read, 4, 8)
		return []string{fmt.Sprintf("cluster_size=%d", le.Uint32(b)), fmt.Sprintf("table_size=%d", le.Uint32(b[4:]))}, err
	case Parallels: // docs/interop/parallels.txt: the size of a cluster in sectors
		b, err := part(f.Read, 28, 4)
		return []string{fmt.Sprintf("cluster_size=%d", int64(le.Uint32(b))*512)}, err
	}
	return nil, fmt.Errorf("a file of %d bytes in the format %s cannot be made", st.Size, f.format)
}

var ddb = regexp.MustCompile(`(?m)^\s*ddb\.(adapterType|virtualHWVersion|toolsVersion)\s*=\s*"?([^"\r\n]*?)"?\s*$`)

// likeVMDK reads the header and the descriptor of a sparse extent.
func likeVMDK(r io.ReaderAt) (options []string, err error) {
	head, err := part(r, 0, vmdkSector)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	const zeroGrain = 1 << 2 // a flag
	options = []string{"subformat=monolithicSparse", "zeroed_grain=" + onOff(le.Uint32(head[8:])&zeroGrain != 0)}
	at, n := le.Uint64(head[28:]), le.Uint64(head[36:]) // lookSparse has checked them
	text, err := part(r, int64(at)*vmdkSector, int64(n)*vmdkSector)
	if err != nil {
		return nil, err
	}
	plain := regexp.MustCompile(`^[0-9]{1,10}$`)
	for _, m := range ddb.FindAllStringSubmatch(strings.TrimRight(string(text), "\x00"), -1) {
		switch name, value := m[1], m[2]; {
		case name == "adapterType" && slices.Contains([]string{"ide", "lsilogic", "buslogic", "legacyESX"}, value):
			options = append(options, "adapter_type="+value)
		case name == "adapterType":
			options = append(options, "adapter_type=lsilogic") // the nearest that qemu-img can make
		case name == "virtualHWVersion" && plain.MatchString(value):
			options = append(options, "hwversion="+value)
		case name == "toolsVersion" && plain.MatchString(value):
			options = append(options, "toolsversion="+value)
		}
	}
	return options, nil
}

// likeVHDX reads the header and the metadata of a VHDX (Microsoft's specification MS-VHDX).
func likeVHDX(r io.ReaderAt) ([]string, error) {
	const (
		header   = 64 << 10  // the first of two; both have the same length of the log
		regions  = 192 << 10 // the first of two tables of regions
		most     = 2047      // entries of either kind of table
		keepData = 1         // a flag of a block size: the image is fixed
	)
	metadata := []byte{0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b, 0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e}
	fileParameters := []byte{0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d, 0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b}
	le := binary.LittleEndian
	b, err := part(r, header, 80)
	if err != nil {
		return nil, err
	}
	log := le.Uint32(b[68:])
	table, err := part(r, regions, 64<<10)
	if err != nil {
		return nil, err
	}
	for i := range min(int(le.Uint32(table[8:])), most) {
		entry := table[16+32*i:]
		if string(entry[:16]) != string(metadata) {
			continue
		}
		at := int64(le.Uint64(entry[16:]))
		items, err := part(r, at, 64<<10)
		if err != nil {
			return nil, err
		}
		for j := range min(int(le.Uint16(items[10:])), most) {
			item := items[32+32*j:]
			if string(item[:16]) != string(fileParameters) {
				continue
			}
			p, err := part(r, at+int64(le.Uint32(item[16:])), 8)
			if err != nil {
				return nil, err
			}
			kind := "dynamic"
			if le.Uint32(p[4:])&keepData != 0 {
				kind = "fixed"
			}
			return []string{"subformat=" + kind, fmt.Sprintf("block_size=%d", le.Uint32(p)), fmt.Sprintf("log_size=%d", log)}, nil
		}
	}
	return nil, fmt.Errorf("it has no parameters, so it is damaged")
}

// Grain implements target.Replacing. Where a new block is written only as far as it holds something, it is that of most file
// systems.
func (f *file) Grain() int64 {
	const host, usual = 4096, 64 << 10
	le := binary.LittleEndian
	switch f.format {
	case VDI: // block/vdi.c: the size of a block
		if b, err := part(f.Read, 376, 4); err == nil && f.facts.sub == "dynamic" {
			return max(int64(le.Uint32(b)), host)
		}
	case QED:
		if b, err := part(f.Read, 4, 4); err == nil {
			return max(int64(le.Uint32(b)), host)
		}
	case Parallels:
		if b, err := part(f.Read, 28, 4); err == nil {
			return max(int64(le.Uint32(b))*512, host)
		}
	case VMDK:
		return usual
	}
	return host
}

// vhdFooter is the length of the footer of a VHD.
const vhdFooter = 512

// footer returns the footer of a VHD, or nil if it cannot be read.
func (f *file) footer() []byte {
	st, err := f.Stat()
	if err != nil || st.Size < vhdFooter {
		return nil
	}
	b, err := part(f.Read, st.Size-vhdFooter, vhdFooter)
	if err == nil && string(b[:8]) != "conectix" {
		b, err = part(f.Read, 0, vhdFooter)
	}
	if err != nil {
		return nil
	}
	return b
}

// inCylinders reports whether the disk of a VHD is as long as its geometry, and not as long as its footer says. QEMU's
// block/vpc.c decides that by the name of the program that made it.
func (f *file) inCylinders() bool {
	b := f.footer()
	if b == nil {
		return false
	}
	exact := []string{"win ", "qem2", "d2v ", "tap\x00", "CTXS", "wa\x00\x00"}
	return !slices.Contains(exact, string(b[28:32]))
}

// keepIdentity gives a new image the number by which the machines of some formats know their disks. They refuse a disk with
// another one.
func (f *file) keepIdentity(out *os.File) error {
	switch f.format {
	case VDI: // QEMU's block/vdi.c: the number of the image
		const at = 392
		id, err := part(f.Read, at, 16)
		if err == nil {
			_, err = out.WriteAt(id, at)
		}
		return err
	case VPC:
		return f.keepVHD(out)
	}
	return nil
}

// keepVHD does that for a VHD, whose footer has a checksum. A dynamic one has a copy of the footer at its start.
func (f *file) keepVHD(out *os.File) error {
	old := f.footer()
	if old == nil {
		return errCut
	}
	info, err := out.Stat()
	if err != nil {
		return err
	}
	places := []int64{info.Size() - vhdFooter}
	if f.facts.sub == "dynamic" {
		places = append(places, 0)
	}
	for _, at := range places {
		b, err := part(out, at, vhdFooter)
		if err != nil {
			return err
		}
		if string(b[:8]) != "conectix" {
			return fmt.Errorf("there is no footer at byte %d", at)
		}
		copy(b[68:84], old[68:84])
		clear(b[64:68])
		sum := uint32(0)
		for _, c := range b {
			sum += uint32(c)
		}
		binary.BigEndian.PutUint32(b[64:], ^sum)
		if _, err := out.WriteAt(b, at); err != nil {
			return err
		}
	}
	return nil
}
