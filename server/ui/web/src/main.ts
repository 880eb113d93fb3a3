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

/** Takes the token that a link may carry behind the #, which browsers send to nobody. */
function takeToken() {
  const carried = new URLSearchParams(location.hash.slice(1)).get("token")
  if (!carried) return
  history.replaceState(null, "", location.pathname + location.search)
  try {
    signIn(carried)
  } catch (error) {
    signedOutBecause.set(told(error))
  }
}
takeToken()
window.addEventListener("hashchange", takeToken) // of a link to the page that is open
startRouter()
if (session.value && location.pathname === "/sign-in") go("/inbox", { replace: true })
startStream()
startDeviceNames()
// Documents need Automerge. Only a record's page waits for them; others are shown before.
void Promise.race([firstView(), place.until(({ page }) => page === "client")]).then(startSyncing)
void bringAll()
void firstView().then(startUpdates)
