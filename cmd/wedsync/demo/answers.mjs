// What follows the script of a device, or of several, which has commands and says what
// answer is given after one: commands come from stdin, answers go to stdout, a JSON
// object per line.

import readline from "node:readline"

console.log = console.error // stdout belongs to the answers

// until calls back when met.
function until(met) {
  return new Promise(resolve => {
    const look = () => {
      if (!met()) return
      clearInterval(timer)
      resolve()
    }
    const timer = setInterval(look, 10)
    look()
  })
}

async function run({ cmd, ...args }) {
  try {
    await commands[cmd](args)
    return answer(args)
  } catch (err) {
    return { error: err.message }
  }
}

// automerge-repo throws out of socket callbacks when a hub goes away.
process.on("uncaughtException", err => console.error(err.message))

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await run(JSON.parse(line))) + "\n")
}
process.exit(0)
