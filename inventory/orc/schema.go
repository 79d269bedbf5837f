package orc

import "fmt"

// Kind is the type of a column. Four groups can be read:
//
//   - String, Char, Varchar and Binary into a [BytesColumn], the bytes as they are in the file;
//   - Byte, Short, Int, Long and Date (days since 1970-01-01) into a [vector.Int64];
//   - Boolean into a [vector.Bool];
//   - Timestamp and TimestampInstant into a [vector.Timestamp].
type Kind uint8

// The kinds, numbered as in the file.
const (
	Boolean Kind = iota
	Byte
	Short
	Int
	Long
	Float
	Double
	String
	Binary
	Timestamp
	List
	Map
	Struct
	Union
	Decimal
	Date
	Varchar
	Char
	TimestampInstant
)

var kindNames = [...]string{
	"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary", "timestamp", "array", "map",
	"struct", "uniontype", "decimal", "date", "varchar", "char", "timestamp with local time zone",
}

// String is the name of the kind in ORC's own spelling of a schema, such as "bigint".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Field is a top-level column of the file.
type Field struct {
	Name string
	Kind Kind
}

// maxTypes bounds the type tree. S3 Inventory has some 20 columns; the widest tables in the wild a few thousand.
const maxTypes = 1 << 14

// node is one type of the tree. Columns are numbered by the place of their node in the pre-order list of all nodes, which
// is not their place among the fields of the root once a nested column comes before them.
type node struct {
	kind     Kind
	children []uint32
	names    []string
}

func parseNode(body []byte) (node, error) {
	n := node{}
	m := message{rest: body}
	for m.next() {
		switch m.num {
		case 1:
			k := m.uint()
			if k > 255 {
				return n, corrupt("type of kind %d", k)
			}
			n.kind = Kind(k)
		case 2:
			n.children = m.uints(n.children, maxTypes)
		case 3:
			if len(n.names) >= maxTypes {
				return n, overLimit("more than %d field names", maxTypes)
			}
			n.names = append(n.names, string(m.bytes()))
		}
	}
	return n, m.err
}

// checkTree verifies that nodes are a tree in pre-order with a struct as its root.
func checkTree(nodes []node) error {
	if len(nodes) == 0 {
		return corrupt("no schema")
	}
	root := nodes[0]
	if root.kind != Struct {
		return unsupported("a file of %s values instead of rows is", root.kind)
	}
	if len(root.children) != len(root.names) {
		return corrupt("%d columns with %d names", len(root.children), len(root.names))
	}
	next := uint32(1)
	var walk []uint32 // children still to be visited, the next one last
	push := func(n node) error {
		if len(walk)+len(n.children) > len(nodes) {
			return corrupt("type tree with more edges than types")
		}
		for i := len(n.children) - 1; i >= 0; i-- {
			walk = append(walk, n.children[i])
		}
		return nil
	}
	if err := push(root); err != nil {
		return err
	}
	for len(walk) > 0 {
		id := walk[len(walk)-1]
		walk = walk[:len(walk)-1]
		if id != next || int(id) >= len(nodes) {
			return corrupt("type %d where type %d of %d is due", id, next, len(nodes))
		}
		next++
		if err := push(nodes[id]); err != nil {
			return err
		}
	}
	if int(next) != len(nodes) {
		return corrupt("%d types outside the type tree", len(nodes)-int(next))
	}
	return nil
}
