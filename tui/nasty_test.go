package tui_test

import (
	"math/rand"
	"reflect"

	"shunt/model"
)

// nastiness is text that a terminal would obey, or that would hide or turn other text.
var nastiness = []string{
	"\x1b[31m", "\x1b]52;c;ZXZpbA==\a", "\x1b[2J\x1b[1;1H", "\u009b31m", "\x9b31m", "\u202e", "\u2066\u2069", "\u200b\u200d", "\n", "\r\n\n", "\t", "\x00", "\x7f",
	"\u2028", "\xff\xfe", "\x1bP", "日本\u0301", "\x1b]8;;http://x\x1b\\",
}

// soiled is a target with such text in all that it tells of itself and of what is on it.
func soiled(t *Target, r *rand.Rand) *Target {
	for _, what := range []any{&t.What, &t.Broken, &t.Told, &t.Sheets, &t.Listings} {
		soil(reflect.ValueOf(what).Elem(), r)
	}
	parts := t.Layout.Partitions()
	for i := range parts {
		soil(reflect.ValueOf(&parts[i].FS).Elem(), r)
		parts[i].Name = soiledText(parts[i].Name, r)
	}
	problems := t.Layout.Problems()
	for i := range problems {
		problems[i].Text, problems[i].Advice = soiledText(problems[i].Text, r), soiledText(problems[i].Advice, r)
	}
	t.Layout = model.New(t.Layout, parts, problems)
	return t
}

// soil changes all plain text in a value; text of types of its own is chosen by the program.
func soil(v reflect.Value, r *rand.Rand) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && v.Type() == reflect.TypeFor[string]() {
			v.SetString(soiledText(v.String(), r))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				soil(v.Field(i), r)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			soil(v.Elem(), r)
		}
	case reflect.Slice:
		for i := range v.Len() {
			soil(v.Index(i), r)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			soft := reflect.New(v.Type().Elem()).Elem()
			soft.Set(v.MapIndex(key))
			soil(soft, r)
			v.SetMapIndex(key, soft)
		}
	default: // numbers and the like
	}
}

func soiledText(text string, r *rand.Rand) string {
	at := r.Intn(len(text) + 1)
	return text[:at] + nastiness[r.Intn(len(nastiness))] + text[at:]
}
