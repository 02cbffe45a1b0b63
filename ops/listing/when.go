package listing

import "time"

// noTime is the time of what has none or whose time is not known.
var noTime time.Time

// seconds is a time counted from 1970 on.
func seconds(n int64) time.Time { return time.Unix(n, 0).UTC() }
