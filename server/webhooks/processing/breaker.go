package processing

import (
	"fmt"
	"time"

	"wedsync/server/breaker"
)

const (
	breakerAfter = 5           // failures in a row after which a sender is left alone
	breakerFor   = time.Minute // before it is asked again
)

// leftAlone says why an event waits whose sender is left alone.
var leftAlone = fmt.Sprintf("its sender failed %d times in a row and is left alone for a while", breakerAfter)

// Breaker is how it stands with a connection's sender.
func (p *Processor) Breaker(connection string) breaker.Breaker { return p.breakers.Of(connection) }
