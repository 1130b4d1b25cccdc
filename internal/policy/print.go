package policy

import "strconv"

// JSON returns v as compact JSON. What is not known is printed as the string "${expression}".
func (v *Value) JSON() []byte { panic("being written") }

func itoa(i int) string { return strconv.Itoa(i) }
