// Package talk works out what a pull makes of the items that a store holds, and
// what an erasure leaves of them. It is the same for all stores: they bring the
// rows, and write those that have changed.
package talk
