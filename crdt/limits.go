package crdt

// Limits bound what a device may ask of the hub. They stand here and nowhere
// else; [DefaultLimits] is what the hub uses.
type Limits struct {
	MaxChunk    int    // bytes of a change chunk as received
	MaxInflated int    // bytes of a deflated change once inflated
	MaxOps      int    // operations of one change
	MaxHeads    int    // heads of a record
	MaxDeps     int    // dependencies of one change: more than heads, for a device adds its own
	MaxActors   int    // actors that one change names
	MaxPreds    int    // predecessors of one operation
	MaxKey      int    // bytes of a map key, message or mark name
	MaxOrphans  int    // changes of a record that wait for a dependency
	OrphanBytes int    // and their bytes together
	MaxChanges  int    // changes of one record
	OpGap       uint64 // how far a change's first operation may lie above the record's highest
	DeviceOps   uint64 // operation counters of device changes end below this
	HubOps      uint64 // and those of hub changes below this
}

// DefaultLimits are the hub's limits.
var DefaultLimits = Limits{
	MaxChunk:    4 << 20,
	MaxInflated: 4 << 20,
	MaxOps:      1 << 18,
	MaxHeads:    512,
	MaxDeps:     1024,
	MaxActors:   1024,
	MaxPreds:    1024,
	MaxKey:      64 << 10,
	MaxOrphans:  1000,
	OrphanBytes: 8 << 20,
	MaxChanges:  1 << 20,
	OpGap:       65_536,
	DeviceOps:   1 << 30,
	HubOps:      1 << 31,
}
