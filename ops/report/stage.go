package report

// stages says in words what a commit does in each of its stages, which the journal and the JSON output call by short names.
var stages = map[string]string{
	"prepare": "writing the journal",
	"record":  "writing the journal",
	"fence":   "hiding moving partitions",
	"extend":  "making the target longer",
	"copy":    "copying data",
	"place":   "writing new data",
	"table":   "writing the partition table",
	"shrink":  "making the target shorter",
	"verify":  "reading back",
	"keep":    "noting what an undo needs",
}

// StageWords says what is done in a stage of a commit. Other texts, such as those of steps, it returns as they are.
func StageWords(stage string) string {
	if words, ok := stages[stage]; ok {
		return words
	}
	return stage
}
