package target

import "strings"

// Unescape undoes the octal escapes by which the lists of /proc keep their fields apart.
func Unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}
