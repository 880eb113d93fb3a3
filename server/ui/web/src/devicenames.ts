// What people call devices. Owners know those of everybody, others know their own.

import { getAll } from "./api"
import { session } from "./session"
import type { Device } from "./types"
import { Source } from "./watch"

/** The names, by what the devices' tokens call them. */
export const deviceNames = new Source<ReadonlyMap<string, string>>(new Map())

/** Learns the names whenever somebody signs in. */
export function startDeviceNames(): void {
  const read = () => {
    deviceNames.set(new Map())
    const as = session.value
    if (as) void getAll<Device>("/api/devices").then(all => as === session.value && learnNames(all), () => {}) // what has no name is shown as its token calls it
  }
  session.subscribe(read)
  read()
}

/** Takes names from devices. A name is not used where devices of two users are called alike. */
export function learnNames(devices: Device[]): void {
  const names = new Map<string, string>()
  const twice = new Set<string>()
  for (const { device, name } of devices) {
    if (names.has(device)) twice.add(device)
    names.set(device, name)
  }
  for (const device of names.keys()) if (twice.has(device) || !names.get(device)) names.delete(device)
  deviceNames.set(names)
}
