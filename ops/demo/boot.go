package demo

import (
	"encoding/binary"
	"os"

	"github.com/google/uuid"

	"shunt/model"
	"shunt/model/table"
	"shunt/model/tried"
)

const (
	diskSignature = 0x53485554
	signatureAt   = 440 // the boot code ends there; the package comment of model/table draws the whole sector
)

// bootSector returns sector 0 with an empty table. It is full of boot code, so that tests see whether an edit changes a
// byte of it.
func bootSector() []byte {
	sector := make([]byte, SectorSize)
	// cli; hlt; jmp to the hlt: a computer that boots from it stops.
	n := copy(sector, "\xfa\xf4\xeb\xfdshunt practice image: there is nothing to boot here\x00")
	for i := n; i < signatureAt; i++ {
		sector[i] = byte(i)
	}
	binary.LittleEndian.PutUint32(sector[signatureAt:], diskSignature)
	sector[510], sector[511] = 0x55, 0xaa
	return sector
}

// writeTable writes sector 0 of an image of the full size.
func writeTable(image *os.File) error {
	if _, err := image.WriteAt(bootSector(), 0); err != nil {
		return err
	}
	empty, err := table.Read(image, int64(Size), SectorSize)
	if err != nil {
		return tried.Errorf("read the empty partition table: %w", err)
	}
	disk := empty
	for _, p := range Parts() {
		disk = disk.With(model.Partition{
			ID: model.PartID(p.Number), Number: p.Number, Role: model.Primary, Span: p.Span, Type: "0x83", Active: p.Active,
		})
	}
	patches, err := table.Encode(image, empty, disk, uuid.New)
	if err != nil {
		return err
	}
	for _, patch := range patches {
		if _, err := image.WriteAt(patch.Data, patch.Off); err != nil {
			return tried.Errorf("write %s: %w", patch.What, err)
		}
	}
	return nil
}
