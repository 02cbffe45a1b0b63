package model

// Elsewhere says which part of a file system is on another device, according to its superblock. Tools and the kernel
// would open that device too, and only the superblock says which one it is. Such a file system is therefore moved, copied
// and deleted as bytes, and no tool runs on it.
type Elsewhere uint8

// What can be on another device.
const (
	WholeHere         Elsewhere = iota
	JournalElsewhere            // its journal or log
	JournalOfOthers             // it is itself the journal of a file system
	RealtimeElsewhere           // the realtime section of an XFS
	SpansDevices                // it is one of several devices of a file system
	SeedOfOthers                // file systems on other devices may have grown from it
	CachedElsewhere             // its cache
	CacheOfOthers               // it is itself the cache
	VolumesElsewhere            // other physical volumes of its volume group
	ArrayElsewhere              // the other members of its array
	MemberOfOthers              // it is a member of something that other software puts together
)

var elsewhereText = [...]string{
	WholeHere:         "",
	JournalElsewhere:  "its journal is on another device",
	JournalOfOthers:   "it is the journal of a file system on another device",
	RealtimeElsewhere: "its realtime section is on another device",
	SpansDevices:      "it is one of several devices of its file system",
	SeedOfOthers:      "it is a seed, from which file systems on other devices may have grown",
	CachedElsewhere:   "its cache is on another device",
	CacheOfOthers:     "it is the cache of other devices",
	VolumesElsewhere:  "its volume group has physical volumes on other devices",
	ArrayElsewhere:    "it is one of the devices of a Linux RAID, which mdadm manages",
	MemberOfOthers:    "it is a member of an array, a pool or a volume that other software puts together",
}

// String returns words that follow "p1:", or "" for WholeHere.
func (e Elsewhere) String() string {
	if int(e) < len(elsewhereText) {
		return elsewhereText[e]
	}
	return "a part of it is on another device"
}

// NoTools returns the reason why no tool may run on the file system, or "".
func (e Elsewhere) NoTools() Reason {
	if e == WholeHere {
		return ""
	}
	return Because("%s, which would have to be opened too: "+
		"it can be moved, copied and deleted, and nothing else", e)
}
