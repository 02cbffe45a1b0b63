// Package image makes and changes whole image files: it creates, converts and compares them. What changes the content of
// an image in place is an operation of a queue instead, and goes through package session.
//
// It opens targets through ops/target/registry and knows no format of its own. A new file is written beside its name and
// gets the name when it is complete (Result).
package image
