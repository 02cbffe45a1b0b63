package report

// Copied sums up what was copied out of a file system.
type Copied struct {
	Files, Dirs, Links int
	Bytes              int64
	// Problems counts what could not be copied.
	Problems int
	// Attributes says that files had extended attributes, and Shared that some had several names. Neither was kept.
	Attributes, Shared bool
}
