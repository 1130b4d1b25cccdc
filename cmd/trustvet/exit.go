package main

import (
	"errors"
	"fmt"
	"strings"
)

// The exit statuses are the same for every command and in every format.
const (
	exitClean      = 0
	exitFindings   = 1
	exitUsage      = 2
	exitUnreadable = 3
)

// exitMeanings say what the statuses mean. The table in the README is made of them.
var exitMeanings = [...]string{
	exitClean:      "nothing found at or above `--fail-on`",
	exitFindings:   "findings at or above `--fail-on`, whatever else happened",
	exitUsage:      "the command line or the configuration is wrong: nothing was scanned",
	exitUnreadable: "input could not be read, or output not be written; what could be read has no such finding",
}

// exitTable returns the statuses as a Markdown table.
func exitTable() string {
	var b strings.Builder
	b.WriteString("| status | meaning |\n|---|---|\n")
	for status, meaning := range exitMeanings {
		fmt.Fprintf(&b, "| %d | %s |\n", status, meaning)
	}
	return b.String()
}

// An exitError ends the program with a status. Its message is printed unless it is empty.
type exitError struct {
	status  int
	message string
}

func (e *exitError) Error() string { return e.message }

// failed returns the error for work that could not be done: status 3.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUnreadable, err.Error()}
}

// statusOf returns the exit status that err stands for. An error without one is of the command line.
func statusOf(err error) int {
	if err == nil {
		return exitClean
	}
	var e *exitError
	if errors.As(err, &e) {
		return e.status
	}
	return exitUsage
}
