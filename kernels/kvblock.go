package kernels

import "seccodeprm/internal/num"

// The layout of weights, keys and values. BlockKeys and SplitBlocks are part of
// the contract: they determine the order of sums over keys.
const (
	// PanelColumns is the number of columns of a panel: outputs of a weight,
	// slots of a block of keys, elements of a block of values.
	PanelColumns = 16

	// BlockKeys is the number of positions that share a [KVBlock].
	BlockKeys = 64

	// SplitBlocks is the number of blocks of a split. Each split has a
	// [Softmax] of its own; splits are merged first to last.
	SplitBlocks = 16
)

// KVBlock describes how the keys and values of one key/value head are stored
// for BlockKeys positions, called slots: in panels of PanelColumns columns,
// which [Queries.Attend] and [Queries.AttendPairs] multiply in place.
//
//	       keys                         values
//	F32    [64/16][HeadDim][16]         [HeadDim/16][64][16]
//	BF16   [64/16][HeadDim/2][16][2]    [HeadDim/16][64/2][16][2]
//
// The last panel of values is padded. Slots without a key hold +0.
type KVBlock struct {
	HeadDim   int       // even
	Precision Precision // F32 or BF16
}

// Keys returns the number of elements of the keys.
func (b KVBlock) Keys() int { return BlockKeys * b.HeadDim }

// Values returns the number of elements of the values.
func (b KVBlock) Values() int { return panelsOf(b.HeadDim) * PanelColumns * BlockKeys }

// Key returns the index of element i of the key in a slot.
func (b KVBlock) Key(slot, i int) int {
	return slot/PanelColumns*PanelColumns*b.HeadDim + b.inPanel(i, slot%PanelColumns)
}

// Value returns the index of element i of the value in a slot.
func (b KVBlock) Value(slot, i int) int {
	return i/PanelColumns*PanelColumns*BlockKeys + b.inPanel(slot, i%PanelColumns)
}

// inPanel returns the index of a row and column within a panel.
func (b KVBlock) inPanel(row, column int) int {
	if b.Precision == F32 {
		return row*PanelColumns + column
	}
	return row/2*2*PanelColumns + 2*column + row%2
}

// Store stores a key and a value, HeadDim elements each, in a slot of a block
// of precision F32.
func (b KVBlock) Store(keys, values []float32, slot int, key, value []float32) {
	keys = keys[b.Key(slot, 0):]
	for i, x := range key {
		keys[i*PanelColumns] = x
	}
	for i := 0; i < len(value); i += PanelColumns {
		copy(values[b.Value(slot, i):], value[i:min(i+PanelColumns, len(value))])
	}
}

// StorePairs is [KVBlock.Store] in precision BF16. It rounds both, as operands
// are rounded.
func (b KVBlock) StorePairs(keys, values []uint16, slot int, key, value []float32) {
	keys = keys[b.Key(slot, 0):]
	for i := 0; i < len(key); i += 2 {
		pair := keys[i*PanelColumns:][:2]
		pair[0], pair[1] = num.OperandBF16(key[i]), num.OperandBF16(key[i+1])
	}
	for i := 0; i < len(value); i += PanelColumns {
		panel := values[b.Value(slot, i):]
		for column, x := range value[i:min(i+PanelColumns, len(value))] {
			panel[2*column] = num.OperandBF16(x)
		}
	}
}
