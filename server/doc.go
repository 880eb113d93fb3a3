// Package server is the hub's face on the network: which URL leads where
// ([New]), and how serving begins and ends ([Serve]).
package server
