package report

import (
	"encoding/xml"
	"fmt"
	"io"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"` // the file
	Name    string        `xml:"name,attr"`
	Failure *junitMessage `xml:"failure"`
	Error   *junitMessage `xml:"error"`
	Skipped *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes for continuous integration servers: a finding is a failed test, input that could not be read is an error,
// and what could not be resolved a skipped test.
func JUnit(w io.Writer, s *Scan) error {
	suite := junitSuite{Name: "trustvet"}
	for i := range s.Findings {
		f := &s.Findings[i]
		c := junitCase{Name: f.Rule.ID + ": " + neutral(f.Role)}
		m := &junitMessage{Message: neutral(saying(f)), Type: f.Level.String()}
		if !f.Span.IsZero() {
			p := f.Span.Begin()
			c.Class = neutral(f.Span.File.Name)
			m.Text = fmt.Sprintf("%s:%d:%d: %s", c.Class, p.Line, p.Column, m.Message)
		}
		c.Failure = m
		suite.Failures++
		suite.Cases = append(suite.Cases, c)
	}
	for _, p := range s.Problems {
		c := junitCase{Class: neutral(p.File()), Name: "resolved"}
		m := &junitMessage{Message: neutral(p.Message), Type: "unresolved"}
		if p.Unreadable {
			c.Name, m.Type = "readable", "unreadable"
			c.Error = m
			suite.Errors++
		} else {
			c.Skipped = m
		}
		suite.Cases = append(suite.Cases, c)
	}
	if len(suite.Cases) == 0 {
		suite.Cases = []junitCase{{Class: "trustvet", Name: plural(s.Roles, "role", "roles")}}
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
