// Package breaker leaves those alone for a while who failed several times in a
// row. Each node finds that out by itself.
package breaker
