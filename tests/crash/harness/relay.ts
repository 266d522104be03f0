/** Owns the process between a server and PostgreSQL: a network that breaks when it is told to. */

import { createConnection, createServer, type Socket } from 'node:net'

const [listenPath = '', targetPath = '', controlPath = ''] = process.argv.slice(2)

/** One connection through the network. */
interface Pair {
  readonly near: Socket
  readonly far: Socket
  /** True: what PostgreSQL says on it is lost. */
  deaf: boolean
}

const pairs = new Set<Pair>()
// Bound to the statement of this name, or sent as plain text: in either way a COMMIT.
const commit = /\0commit\0|^Q....commit\0/is
const answerLostMs = 150

let isHole = false
let atCommit: ((pair: Pair, chunk: Buffer) => void) | undefined

function join(near: Socket): void {
  const pair: Pair = { near, far: createConnection(targetPath), deaf: false }
  pairs.add(pair)
  const end = (): void => cut(pair)
  for (const side of [near, pair.far]) {
    side.on('error', end)
    side.on('close', end)
    if (isHole) side.pause()
  }
  near.on('data', (chunk: Buffer) => {
    if (atCommit === undefined || !commit.test(chunk.toString('latin1'))) pair.far.write(chunk)
    else atCommit(pair, chunk)
  })
  pair.far.on('data', (chunk: Buffer) => {
    if (!pair.deaf) near.write(chunk)
  })
}

function cut(pair: Pair): void {
  pairs.delete(pair)
  pair.near.destroy()
  pair.far.destroy()
}

/** Nothing passes for so long; then either everything arrives, or all of it is lost. */
async function hole(forMs: number, lost: boolean): Promise<void> {
  isHole = true
  const sides = [...pairs].flatMap(({ near, far }) => [near, far])
  for (const side of sides) side.pause()
  const before = [...pairs]
  await new Promise((resolve) => setTimeout(resolve, forMs))
  isHole = false
  if (lost) for (const pair of before) cut(pair)
  for (const { near, far } of pairs) {
    near.resume()
    far.resume()
  }
}

/** Waits for the next COMMIT; it is lost, or arrives and its answer is lost. */
function loseCommit(arrives: boolean): Promise<void> {
  return new Promise((resolve) => {
    atCommit = (pair, chunk) => {
      atCommit = undefined
      pair.deaf = true
      if (arrives) pair.far.write(chunk)
      setTimeout(() => cut(pair), arrives ? answerLostMs : 0)
      resolve()
    }
  })
}

function obey(word: string, amount: number): Promise<void> | undefined {
  if (word === 'hole') return hole(amount, false)
  if (word === 'lost') return hole(amount, true)
  if (word === 'commit-lost') return loseCommit(false)
  if (word === 'answer-lost') return loseCommit(true)
  atCommit = undefined
  if (word === 'reset') for (const pair of [...pairs]) cut(pair)
  return undefined
}

const control = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.once('data', async (chunk: Buffer) => {
    const [word = '', amount = '0'] = chunk.toString().trim().split(' ')
    await obey(word, Number(amount))
    socket.end('done')
  })
})

createServer(join).listen(listenPath, () => {
  control.listen(controlPath, () => process.stdout.write('The network is ready.\n'))
})
