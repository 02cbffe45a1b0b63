package report

// A Tree is every file and directory of a file system. The names of its entries are paths that begin with "/".
type Tree struct {
	Entries []FileEntry `json:"entries"`
	// More says that there are others.
	More bool `json:"more,omitempty"`
}
