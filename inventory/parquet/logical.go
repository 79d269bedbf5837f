package parquet

import "fmt"

// Logical is what the values of a column stand for, beside their physical type. A
// reader that does not know it would take a price in cents for one in dollars, so a
// column is read only where it is known.
type Logical struct {
	Meaning Meaning
	Unit    Unit // of Timestamp
	Bits    int  // of Integer: 8, 16, 32, 64
	Signed  bool // of Integer
	Scale   int  // of Decimal: digits behind the point
}

// Meaning is the kind of a logical type.
type Meaning uint8

// The meanings. Those from TimeOfDay on are told apart for their names alone.
const (
	NoMeaning Meaning = iota // what the physical type says
	Text                     // UTF-8
	Integer
	Decimal
	Timestamp
	Date
	TimeOfDay
	Interval
	UUID
	BSON
	HalfFloat
	OtherMeaning // one that this reader does not know
)

var meaningNames = [...]string{"", "string", "integer", "decimal", "timestamp", "date", "time of day", "interval", "UUID", "BSON",
	"16-bit float", "unknown logical type"}

// Unit is what a timestamp is counted in.
type Unit uint8

// The units. Int96 columns count nanoseconds.
const (
	NoUnit Unit = iota
	Millis
	Micros
	Nanos
	Days // of Date
)

// annotation is what a schema says of a column's meaning, in its old way and its new.
type annotation struct {
	converted   int32 // ConvertedType
	isConverted bool
	scale       int32 // beside the converted type DECIMAL
	logical     Logical
	isLogical   bool
}

// meaning is the logical type, or else what the older converted type says.
func (a *annotation) meaning() Logical {
	switch {
	case a.isLogical:
		return a.logical
	case !a.isConverted:
		return Logical{}
	}
	switch c := a.converted; c {
	case 0, 4, 19: // UTF8, ENUM, JSON
		return Logical{Meaning: Text}
	case 5:
		return Logical{Meaning: Decimal, Scale: int(a.scale)}
	case 6:
		return Logical{Meaning: Date}
	case 7, 8: // in milliseconds, microseconds
		return Logical{Meaning: TimeOfDay}
	case 9:
		return Logical{Meaning: Timestamp, Unit: Millis}
	case 10:
		return Logical{Meaning: Timestamp, Unit: Micros}
	case 11, 12, 13, 14: // UINT_8 to UINT_64
		return Logical{Meaning: Integer, Bits: 8 << (c - 11)}
	case 15, 16, 17, 18:
		return Logical{Meaning: Integer, Bits: 8 << (c - 15), Signed: true}
	case 20:
		return Logical{Meaning: BSON}
	case 21:
		return Logical{Meaning: Interval}
	}
	return Logical{Meaning: OtherMeaning}
}

// logicalType reads the union LogicalType.
func (t *thriftReader) logicalType(a *annotation) {
	a.isLogical = true
	a.logical = Logical{Meaning: OtherMeaning}
	l := &a.logical
	simple := map[int16]Meaning{1: Text, 4: Text, 6: Date, 7: TimeOfDay, 11: NoMeaning, 12: Text, 13: BSON, 14: UUID, 15: HalfFloat}
	t.fields(func(id int16, typ thriftType) bool {
		if m, ok := simple[id]; ok {
			l.Meaning = m
		}
		if typ != tStruct {
			return false
		}
		switch id {
		case 5:
			l.Meaning = Decimal
			t.fields(func(id int16, typ thriftType) bool {
				if id != 1 || typ != tI32 {
					return false
				}
				l.Scale = int(t.i32())
				return true
			})
		case 8:
			l.Meaning = Timestamp
			t.timestampType(l)
		case 10:
			l.Meaning = Integer
			t.fields(func(id int16, typ thriftType) bool {
				switch {
				case id == 1 && typ == tByte:
					l.Bits = int(int8(t.byte()))
					return true
				case id == 2:
					l.Signed = typ == tTrue
				}
				return false // the value is in the type
			})
		default:
			return false
		}
		return true
	})
}

// timestampType reads TimestampType, of which the unit counts.
func (t *thriftReader) timestampType(l *Logical) {
	t.fields(func(id int16, typ thriftType) bool {
		if id != 2 || typ != tStruct {
			return false
		}
		t.fields(func(id int16, typ thriftType) bool {
			if id >= 1 && id <= 3 {
				l.Unit = Unit(id) // MILLIS, MICROS, NANOS
			}
			return false
		})
		return true
	})
}

// valueKind is the kind of Go values that a column is read as.
type valueKind uint8

const (
	unread valueKind = iota
	texts
	integers
	truths
	instants
)

// values tells as what the column is read, unread where it is not.
func (f *Field) values() valueKind {
	if f.Repeated {
		return unread
	}
	l := f.Logical
	switch f.Kind {
	case Boolean:
		if l.Meaning == NoMeaning {
			return truths
		}
	case Int96:
		if l.Meaning == NoMeaning || l.Meaning == Timestamp {
			return instants
		}
	case Int32, Int64:
		switch l.Meaning {
		case NoMeaning:
			return integers
		case Integer:
			if l.Bits == 64 && f.Kind == Int64 || l.Bits == 8 || l.Bits == 16 || l.Bits == 32 {
				return integers
			}
		case Decimal:
			return f.decimal()
		case Timestamp:
			if f.Kind == Int64 && l.Unit != NoUnit {
				return instants
			}
		case Date:
			if f.Kind == Int32 {
				return instants
			}
		}
	case ByteArray, FixedLenByteArray:
		switch l.Meaning {
		case NoMeaning, Text:
			return texts
		case Decimal:
			return f.decimal()
		}
	}
	return unread
}

// maxScale bounds the digits behind a decimal's point: 38 digits are what engines have.
const maxScale = 38

func (f *Field) decimal() valueKind {
	if f.Logical.Scale < 0 || f.Logical.Scale > maxScale {
		return unread
	}
	return integers
}

// Type names physical and logical type, for people: "int64 (decimal with 2 digits behind the point)".
func (f *Field) Type() string {
	name := f.Kind.String()
	if f.Repeated {
		name = "a list of " + name
	}
	l := f.Logical
	switch l.Meaning {
	case NoMeaning, Text:
		return name
	case Integer:
		sign := "unsigned"
		if l.Signed {
			sign = "signed"
		}
		return fmt.Sprintf("%s (%s integer of %d bits)", name, sign, l.Bits)
	case Decimal:
		return fmt.Sprintf("%s (decimal with %d digits behind the point)", name, l.Scale)
	case Timestamp:
		if l.Unit == NoUnit {
			return name + " (timestamp of unknown unit)"
		}
	}
	return name + " (" + meaningNames[l.Meaning] + ")"
}

// readable is an error where a column is of a type that is not read.
func (f *Field) readable() error {
	if f.values() == unread || f.Kind == FixedLenByteArray && f.width == 0 {
		return unsupported("a column of type %s is", f.Type())
	}
	return nil
}
