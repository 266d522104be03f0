/** Proves that what is counted against guessing holds across server processes on one database. */

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { limits } from '../../../packages/plinth/src/base/limits.ts'
import { type Club, openClub, password } from '../stage.ts'

const wrong = 'incorrect horse battery'
const secret = 'p7Jq2mX9vR4tK8wZ1nB6yL3cF5hD0gSaEeUiOoQ'
let club: Club
let nodes: readonly Node[]

before(async () => {
  club = await openClub()
  nodes = await Promise.all([startNode(), startNode()])
})
after(async () => {
  await Promise.all((nodes ?? []).map(({ stop }) => stop()))
  await club?.tested.close()
})

interface Node {
  ask(operation: string, input: object, remoteAddress: string): Promise<string>
  stop(): Promise<void>
}

/** A server process of its own, on the database of the club. */
async function startNode(): Promise<Node> {
  const { host, port, user, database } = club.tested.database
  const url = `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
  const file = join(import.meta.dirname, 'node-process.ts')
  const now = String(club.tested.clock.now())
  const child: ChildProcess = fork(file, [url, now, secret], { execArgv: ['--conditions=source'] })
  await once(child, 'message')
  const waiting = new Map<number, (outcome: string) => void>()
  child.on('message', ({ number, outcome }: { number: number; outcome: string }) => {
    waiting.get(number)?.(outcome)
  })
  let count = 0
  return {
    ask(operation, input, remoteAddress) {
      count += 1
      const number = count
      return new Promise((resolve) => {
        waiting.set(number, resolve)
        child.send({ number, operation, input, remoteAddress })
      })
    },
    async stop() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

/** Asks the nodes in turn, all at once. */
function spread(times: number, ask: (node: Node, index: number) => Promise<string>) {
  const asked = Array.from({ length: times }, (_, index) => {
    return ask(nodes[index % nodes.length] as Node, index)
  })
  return Promise.all(asked)
}

const count = (outcomes: readonly string[], wanted: string): number =>
  outcomes.filter((outcome) => outcome === wanted).length

test('C01: tries at an account are counted once for all nodes', async () => {
  const { email } = await club.tested.user({ email: 'ann@club.example', password })
  const outcomes = await spread(20, (node, index) => {
    const input = { email, password: wrong }
    return node.ask('identity.signIn', input, `198.51.100.${index}`)
  })
  assert.equal(count(outcomes, 'invalid_credentials'), limits.signInsPerMinutePerAccount)
  assert.equal(count(outcomes, 'rate_limited'), 20 - limits.signInsPerMinutePerAccount)
  assert.equal(await club.direct('identity.signIn', { email, password }), 'rate_limited')
})

test('C02: tries from a network are counted once for all nodes', async () => {
  const outcomes = await spread(limits.signInsPerMinutePerNetwork + 6, (node, index) => {
    const input = { email: `nobody${index}@club.example`, password: wrong }
    return node.ask('identity.signIn', input, `2001:db8:7:7::${index.toString(16)}`)
  })
  assert.equal(count(outcomes, 'rate_limited'), 6, outcomes.join())
})

test('C04: mails to one address are counted once for all nodes', async () => {
  const outcomes = await spread(14, (node, index) => {
    const input = { email: 'ben@club.example' }
    return node.ask('identity.forgotPassword', input, `203.0.113.${index}`)
  })
  assert.equal(count(outcomes, '202'), limits.accountMailsPerQuarterHour, outcomes.join())
})
