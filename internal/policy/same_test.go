package policy

import (
	"reflect"
	"testing"
	"unsafe"
)

// TestSameLooksAtEveryField sets each field of a value and of what it is made of, one at a time: none of these is the value without it.
func TestSameLooksAtEveryField(t *testing.T) {
	whole := func() *Value {
		text := Text{Parts: []Part{{Hole: &Hole{Form: []Part{{}}}}}}
		return &Value{Text: text, Hole: &Hole{}, Members: []Member{{Key: text, Value: &Value{}}}, Elements: []*Value{{}}}
	}
	if !whole().Same(whole()) {
		t.Fatal("two equal values are not the same")
	}
	for name, of := range map[string]func(v *Value) any{
		"Value":   func(v *Value) any { return v },
		"Text":    func(v *Value) any { return &v.Text },
		"Part":    func(v *Value) any { return &v.Text.Parts[0] },
		"Hole":    func(v *Value) any { return v.Text.Parts[0].Hole },
		"Form":    func(v *Value) any { return &v.Text.Parts[0].Hole.Form[0] },
		"Hidden":  func(v *Value) any { return v.Hole },
		"Key":     func(v *Value) any { return &v.Members[0].Key },
		"Member":  func(v *Value) any { return v.Members[0].Value },
		"Element": func(v *Value) any { return v.Elements[0] },
	} {
		fields := reflect.TypeOf(of(whole())).Elem()
		for i := range fields.NumField() {
			v := whole()
			field := reflect.ValueOf(of(v)).Elem().Field(i)
			set(t, reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem())
			if v.Same(whole()) || whole().Same(v) {
				t.Errorf("%s: another %s makes no difference", name, fields.Field(i).Name)
			}
		}
	}
}

// set gives a field another value than it has.
func set(t *testing.T, field reflect.Value) {
	switch field.Kind() {
	case reflect.Bool:
		field.SetBool(!field.Bool())
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Int, reflect.Int32:
		field.SetInt(field.Int() + 1)
	case reflect.Uint8:
		field.SetUint(field.Uint() + 1)
	case reflect.Slice:
		field.Set(reflect.Append(field, reflect.Zero(field.Type().Elem())))
	case reflect.Pointer:
		if field.IsNil() {
			field.Set(reflect.New(field.Type().Elem()))
		} else {
			field.SetZero()
		}
	case reflect.Struct:
		set(t, field.Field(field.NumField()-1))
	default:
		t.Fatalf("a field is a %s", field.Kind())
	}
}
