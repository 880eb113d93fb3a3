// What became of one's proposals. A verdict is told until somebody has seen it: the hub
// keeps it, so a closed tab or a flat battery loses none.

import { get, post } from "./api"
import { toast } from "./components/toasts"
import { label, value, who } from "./format"
import { go } from "./router"
import { session } from "./session"
import { onEvent } from "./stream"
import { documents } from "./syncing"
import type { Client, Page, Verdict } from "./types"

const shown = new Set<string>()
let asking = false
let again = false

/** Tells verdicts from now on. */
export function startVerdicts(): void {
  onEvent(["wedsync.conflict.resolved", "wedsync.proposal."], () => void ask())
  window.addEventListener("online", () => void ask())
  session.subscribe(() => {
    shown.clear()
    void ask()
  })
  void ask()
}

async function ask(): Promise<void> {
  if (asking) {
    again = true
    return
  }
  asking = true
  try {
    if (!session.value) return
    const query = session.value.device ? "" : `?device=${encodeURIComponent(await (await documents()).storageId())}`
    const page = await get<Page<Verdict>>(`/api/verdicts${query}`)
    if (page.old) return // what was kept may have been seen since
    for (const verdict of page.body.items) if (!shown.has(verdict.id)) await tell(verdict, query)
  } catch {
    // Asked again with the next event, or once there is a network.
  } finally {
    asking = false
    if (again) {
      again = false
      void ask()
    }
  }
}

async function tell(v: Verdict, query: string): Promise<void> {
  shown.add(v.id)
  let name = "a client"
  try {
    const fields = (await get<Client>(`/api/clients/${encodeURIComponent(v.client_id)}`)).body.fields
    if (typeof fields.name === "string" && fields.name) name = fields.name
  } catch {
    // The record may be gone; the verdict is told without its name.
  }
  const by = v.decision ? ` by ${who(v.decision.by)}` : ""
  const note = v.decision?.note ? `: “${v.decision.note}”` : "."
  const what = `${label(v.field)} ${value(v.proposed)} for ${name}`
  toast({
    text: `${what} was ${words[v.outcome] ?? v.outcome}${by}${note}`,
    tone: v.outcome === "accepted" ? "good" : v.outcome === "rejected" ? "bad" : "plain",
    action: { label: "Show", run: () => go(`/clients/${v.client_id}`) },
    closed: () => void post(`/api/verdicts/${encodeURIComponent(v.id)}/ack${query}`).catch(() => shown.delete(v.id)),
  })
}

const words: Partial<Record<Verdict["outcome"], string>> = {
  accepted: "accepted", rejected: "not accepted", superseded: "replaced by a later one", withdrawn: "taken back", no_change: "what counts already",
}
