// Package deptest holds the import rules of the project as a table; its test
// reads the imports of every file, whatever its build tags, and fails when a
// layer reaches the wrong way.
package deptest
