// The pages that are loaded together, apart from the shell.
import "../main" // is there already: so what is shared with it stays in one file with it
import "./activity"
import "./devices"
import "./policy"
import "./status"
import "./unmatched"
