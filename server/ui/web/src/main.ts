import "./notify"
import "./shell"
import { startDeviceNames } from "./devicenames"
import { bringAll, firstView } from "./pages"
import { go, place, startRouter } from "./router"
import { session, signIn, signedOutBecause } from "./session"
import { startStream } from "./stream"
import { startSyncing } from "./syncing"
import { startUpdates } from "./updates"
import { told } from "./problem"

// A link may carry a token behind the #, which browsers send to nobody.
const carried = new URLSearchParams(location.hash.slice(1)).get("token")
if (carried) {
  history.replaceState(null, "", location.pathname + location.search)
  try {
    signIn(carried)
  } catch (error) {
    signedOutBecause.set(told(error))
  }
}
startRouter()
if (session.value && location.pathname === "/sign-in") go("/inbox", { replace: true })
startStream()
startDeviceNames()
// Documents need Automerge. Only a record's page waits for them; others are shown before.
void Promise.race([firstView(), place.until(({ page }) => page === "client")]).then(startSyncing)
void bringAll()
void firstView().then(startUpdates)
