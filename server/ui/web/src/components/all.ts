// All elements that pages share.
import "./badge"
import "./dialog"
import "./diff"
import "./empty"
import "./skeleton"
import "./toasts"
