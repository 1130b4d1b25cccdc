// Command trustvet says who can assume each IAM role in infrastructure code.
//
// It is the only package with flags, environment variables and an exit status. Every command gets its streams, its
// directory and its environment from a system, so that tests run them as a shell does.
package main

import (
	"io"
	"os"
)

func main() {
	if os.Getenv("GOGC") == "" {
		paceCollection()
	}
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	os.Exit(run(os.Args[1:], &system{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Dir: dir, Getenv: os.Getenv, Environ: os.Environ(), Terminal: terminal(os.Stdout),
	}))
}

// A system is what a command knows of the world around it.
type system struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Dir            string // the working directory, absolute
	Getenv         func(string) string
	Environ        []string // NAME=value
	Terminal       bool     // Stdout is read by a person
}

// terminal reports whether f is a terminal, or a device that does not mind escapes.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
