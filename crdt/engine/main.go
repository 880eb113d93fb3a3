package engine

// Main runs a worker on standard input and output if this process was started
// as one, and then exits; otherwise it returns at once. Call it first in main
// and in TestMain.
func Main() {}
