// The pages that are loaded together, apart from the shell.
import "./activity"
import "./devices"
import "./policy"
import "./status"
