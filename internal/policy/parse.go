package policy

// Parse reads the trust policy v of a role. What is malformed becomes Faults, what is not known Unresolved; the rest is
// read all the same. v is an Object, a string that holds JSON, or Hidden.
func Parse(role string, v *Value) *Document { panic("being written") }
