package source

import (
	"errors"
	"fmt"
	"time"
)

// Why an account cannot be read.
var (
	// ErrPlace means that the provider has forgotten the place: everything is to be
	// read again.
	ErrPlace = errors.New("the provider has forgotten how far it was read")
	// ErrReconnect means that the account's owner has to connect it again.
	ErrReconnect = errors.New("the account has to be connected again")
	// ErrForbidden means that the account may not be read, whoever asks.
	ErrForbidden = errors.New("the provider does not allow it")
	// ErrGone means that what was asked for is not there (any more).
	ErrGone = errors.New("it is not there")
	// ErrUnreadable means an answer that makes no sense, as one that broke off does.
	ErrUnreadable = errors.New("the provider's answer cannot be read")
	// ErrTemporary means that it may work later.
	ErrTemporary = errors.New("the provider does not answer")
)

// A LimitError means that the provider wants to be left alone for a while.
type LimitError struct {
	After time.Duration // 0 if it does not say
}

func (e *LimitError) Error() string {
	if e.After == 0 {
		return "the provider's quota is used up"
	}
	return fmt.Sprintf("the provider's quota is used up for %s", e.After)
}

// Is makes a LimitError temporary.
func (e *LimitError) Is(target error) bool { return target == ErrTemporary }
