package front

import (
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// cborDepth bounds how deep the values of a document are nested.
const cborDepth = 32

// parseCBOR reads one value that is the whole document. Maps become map[string]any,
// lists []any, whole numbers int64, others float64, instants time.Time.
func parseCBOR(data []byte) (v any, err error) {
	mode, err := cbor.DecOptions{
		MaxNestedLevels: cborDepth,
		DefaultMapType:  reflect.TypeFor[map[string]any](),
		IntDec:          cbor.IntDecConvertSignedOrFail,
	}.DecMode()
	if err != nil {
		return nil, err
	}
	err = mode.Unmarshal(data, &v)
	return v, err
}

// cborTime is an instant, so many seconds after 1970.
func cborTime(seconds float64) cbor.Tag { return cbor.Tag{Number: 1, Content: seconds} }

// numberOf is v as a number, if it is one: an instant in seconds after 1970.
func numberOf(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	case time.Time:
		return float64(n.UnixMicro()) / 1e6, true
	}
	return 0, false
}
