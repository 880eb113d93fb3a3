package syncproto

// What one device may send. A frame or message beyond these is refused whole.
const (
	// MaxFrame bounds a WebSocket frame. A session refuses a longer one with an
	// error: the connection is to be closed.
	MaxFrame = 16 << 20
	// MaxDepth bounds how deep the CBOR of a frame is nested.
	MaxDepth = 8
	// MaxPairs bounds the entries of one CBOR map and the elements of one array.
	MaxPairs = 4096
	// MaxName bounds the bytes of a peer id, storage id or session id.
	MaxName = 512
	// MaxEphemeral bounds the bytes of an ephemeral message; a longer one is ignored.
	MaxEphemeral = 1 << 20

	// MaxHeads bounds the heads of a sync message and each last sync in it.
	MaxHeads = 1 << 12
	// MaxNeeds bounds the changes that a sync message asks for.
	MaxNeeds = 1 << 16
	// MaxHaves bounds the have entries of a sync message. Automerge sends one at most.
	MaxHaves = 4
	// MaxChanges bounds the changes of one sync message.
	MaxChanges = 1 << 18
	// MaxFlags bounds the bytes that may follow the changes of a sync message.
	MaxFlags = 1 << 10

	// MaxBloomEntries bounds the entries of a Bloom filter, received or sent.
	MaxBloomEntries = 1 << 20
	// MaxBloomBits bounds the bits per entry of a received filter; Automerge uses 10.
	MaxBloomBits = 32
	// MaxBloomProbes bounds the probes per entry of a received filter; Automerge uses 7.
	MaxBloomProbes = 32
)

// What we send.
const (
	// SendTarget is the size at which a sync message is cut, where it may be cut.
	SendTarget = 1 << 20
	// SendLimit is the size of the largest message sent if it cannot be cut. What
	// cannot be cut and is larger is not sent; see [Peer.Stuck].
	SendLimit = 64 << 20
)

// What is remembered.
const (
	// maxKnownIDs bounds the document ids that a Session keeps in each direction.
	// At the limit it begins anew.
	maxKnownIDs = 4096
	// maxRefused bounds the refused changes that a Peer knows by hash. At the limit
	// it begins anew, and may ask for the others once more.
	maxRefused = 1024
	// maxSent bounds what a Peer remembers to have sent on the strength of a Bloom
	// filter. Beyond it that counts as held until the peer says otherwise.
	maxSent = 1 << 16
	// maxBrought bounds the changes of a peer that are remembered as its own while
	// its heads are not known. Others may be sent back to it.
	maxBrought = 1 << 10
	// maxDoubts bounds how often a peer that repeats itself is answered before its
	// heads move: it may have forgotten what we said, or be unable to help it.
	maxDoubts = 3
)
