package inventory

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// decodeJSON reads a document. Its errors wrap ErrNotManifest and say what is wrong in
// terms of the document, not of the program.
func decodeJSON(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("%w: %s is a JSON %s, want %s", ErrNotManifest, kind.Field, kind.Value, jsonKind(kind.Type))
	case errors.As(err, &kind):
		return fmt.Errorf("%w: it is a JSON %s, want an object", ErrNotManifest, kind.Value)
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: no JSON from byte %d on: %v", ErrNotManifest, syntax.Offset, syntax)
	}
	return fmt.Errorf("%w: a value in it cannot be read", ErrNotManifest)
}

// jsonKind names what JSON has for a type.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number"
}
