// Stands for xstate, which runs the states of automerge-repo's documents: flat states
// with events, actions on entry and timeouts. A machine that asks for more is refused
// when it is made.

interface Event {
  type: string
}

type Context = Record<string, unknown>

/** Changes a machine's context: what it returns is put over it. */
type Action = (args: { context: Context; event: Event }) => Context

interface State {
  on?: Record<string, string>
  after?: Record<number, string>
  entry?: string
  type?: "final"
}

interface Config {
  initial: string
  context: Context
  /** Events of all states. A target with a dot before it is a state; going there anew enters it anew. */
  on?: Record<string, string | { actions: string }>
  states: Record<string, State>
}

interface Machine {
  config: Config
  actions: Record<string, Action>
}

interface Snapshot {
  status: "active" | "done" | "error"
  value: string
  context: Context
  matches(value: string): boolean
}

interface Observer {
  next(s: Snapshot): void
  complete?(): void
  error?(error: unknown): void
}

export function setup({ actions, ...rest }: { actions: Record<string, Action>; types?: unknown }) {
  only(rest, "types")
  return {
    createMachine(config: Config): Machine {
      check(config, actions)
      return { config, actions }
    },
  }
}

export function assign(action: Action): Action {
  return action
}

export function assertEvent(event: Event, type: string): void {
  if (event.type !== type) throw new Error(`Expected event ${type}, not ${event.type}`)
}

export function createActor(machine: Machine): Actor {
  return new Actor(machine)
}

/** One machine that runs. Events are taken one after another; one that is sent meanwhile waits. */
export class Actor {
  #machine: Machine
  #snapshot: Snapshot
  #observers = new Set<Observer>()
  #steps: (() => void)[] = []
  #state: "new" | "idle" | "busy" | "ended" = "new"
  #timers: ReturnType<typeof setTimeout>[] = []

  constructor(machine: Machine) {
    this.#machine = machine
    this.#snapshot = snapshot("active", machine.config.initial, machine.config.context)
  }

  getSnapshot(): Snapshot {
    return this.#snapshot
  }

  /** Observers are told after every event, whether it changed anything or not. */
  subscribe(to: Observer | Observer["next"]): { unsubscribe(): void } {
    const observer = typeof to === "function" ? { next: to } : to
    if (this.#state !== "ended") this.#observers.add(observer)
    else safely(() => observer.complete?.())
    return { unsubscribe: () => this.#observers.delete(observer) }
  }

  start(): this {
    if (this.#state !== "new") return this
    this.#state = "busy"
    this.#wait()
    this.#tell()
    this.#work()
    return this
  }

  send(event: Event): void {
    this.#do(() => this.#take(event))
  }

  #do(step: () => void): void {
    if (this.#state === "ended") return
    this.#steps.push(step)
    if (this.#state === "idle") this.#work()
  }

  #work(): void {
    this.#state = "busy"
    for (let step; (step = this.#steps.shift()); ) {
      try {
        step()
      } catch (error) {
        this.#snapshot = snapshot("error", this.#snapshot.value, this.#snapshot.context)
        const observers = this.#end()
        for (const observer of observers) safely(() => observer.error?.(error))
        if (!observers.length || observers.some(observer => !observer.error)) report(error)
        return
      }
      this.#tell()
      if (this.#snapshot.status === "done") {
        for (const observer of this.#end()) safely(() => observer.complete?.())
        return
      }
    }
    this.#state = "idle"
  }

  #take(event: Event): void {
    const { config: { on, states }, actions } = this.#machine
    const to = states[this.#snapshot.value]?.on?.[event.type] ?? on?.[event.type]
    if (typeof to === "string") this.#enter(to.replace(".", ""), event)
    else if (to) this.#snapshot = snapshot("active", this.#snapshot.value, this.#changed(actions[to.actions]!, event))
  }

  #enter(name: string, event: Event): void {
    const { config: { states }, actions } = this.#machine
    const { entry, type } = states[name]!
    for (const timer of this.#timers.splice(0)) clearTimeout(timer)
    const context = entry ? this.#changed(actions[entry]!, event) : this.#snapshot.context
    this.#snapshot = snapshot(type === "final" ? "done" : "active", name, context)
    this.#wait()
  }

  #changed(action: Action, event: Event): Context {
    const { context } = this.#snapshot
    return { ...context, ...action({ context, event }) }
  }

  /** Starts the timeouts of the state. */
  #wait(): void {
    const { after = {} } = this.#machine.config.states[this.#snapshot.value]!
    for (const [delay, to] of Object.entries(after)) {
      this.#timers.push(setTimeout(() => this.#do(() => this.#enter(to, { type: "timeout" })), Number(delay)))
    }
  }

  #tell(): void {
    for (const observer of this.#observers) safely(() => observer.next(this.#snapshot))
  }

  /** Takes no more events, and says who is still to be told of it. */
  #end(): Observer[] {
    this.#state = "ended"
    this.#steps = []
    for (const timer of this.#timers.splice(0)) clearTimeout(timer)
    const observers = [...this.#observers]
    this.#observers.clear()
    return observers
  }
}

interface Patience {
  timeout?: number
  signal?: AbortSignal
}

/** Waits for a state, so many milliseconds. Rejects with the signal's reason when that is aborted. */
export function waitFor(actor: Actor, wanted: (s: Snapshot) => boolean, { timeout = Infinity, signal }: Patience = {}): Promise<Snapshot> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const now = actor.getSnapshot()
    if (wanted(now)) return resolve(now)
    let subscription: ReturnType<Actor["subscribe"]> | undefined
    const end = () => {
      clearTimeout(timer)
      subscription?.unsubscribe()
      signal?.removeEventListener("abort", aborted)
    }
    const refuse = (reason: unknown) => {
      end()
      reject(reason as Error)
    }
    const aborted = () => refuse(signal?.reason)
    const timer = timeout === Infinity ? undefined : setTimeout(() => refuse(new Error(`Timeout of ${timeout} ms exceeded`)), timeout)
    signal?.addEventListener("abort", aborted)
    subscription = actor.subscribe({
      next: s => {
        if (!wanted(s)) return
        end()
        resolve(s)
      },
      error: refuse,
      complete: () => refuse(new Error("Actor terminated without satisfying predicate")),
    })
  })
}

function snapshot(status: Snapshot["status"], value: string, context: Context): Snapshot {
  return { status, value, context, matches: other => other === value }
}

/** Calls an observer: what it throws is its own, and does not end the machine. */
function safely(call: () => void): void {
  try {
    call()
  } catch (error) {
    report(error)
  }
}

function report(error: unknown): void {
  setTimeout(() => {
    throw error
  })
}

function check({ initial, context, on = {}, states, ...rest }: Config, actions: Record<string, Action>): void {
  only(rest)
  const known = (name: string) => {
    if (!states[name]) throw new Error(`A state machine names a state that it lacks: ${name}`)
  }
  const acts = (name: string) => {
    if (!actions[name]) throw new Error(`A state machine names an action that it lacks: ${name}`)
  }
  known(initial)
  if (states[initial]?.entry || states[initial]?.type) throw new Error("A state machine's first state has no action and is not its last")
  for (const to of Object.values(on)) {
    if (typeof to === "string") known(to.replace(".", ""))
    else acts(to.actions)
  }
  for (const { on = {}, after = {}, entry, type, ...rest } of Object.values(states)) {
    only(rest)
    for (const to of [...Object.values(on), ...Object.values(after)]) known(to)
    if (entry) acts(entry)
    if (type && type !== "final") throw new Error(`A state is of a kind that is not known: ${type}`)
  }
}

/** Refuses what is not understood. */
function only(rest: object, ...ignored: string[]): void {
  const strange = Object.keys(rest).find(key => !ignored.includes(key))
  if (strange) throw new Error(`A state machine asks for something that is not known: ${strange}`)
}
