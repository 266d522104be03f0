/** Owns what knowing callers costs: the check of a session, signing in, and a large crowd. */

import { Agent, request as open } from 'node:http'
import { join } from 'node:path'
import { argonHasher } from '../../packages/plinth/src/app/passwords/hasher.ts'
import { type Figure, grouped, median } from '../table.ts'
import { connectTo, fill } from '../traffic/data.ts'
import { findLoader, type Loader } from '../traffic/load.ts'
import { addressOf, type Scratch, startStore } from '../world.ts'
import { addCrowd, addPeople, addSession, crowd, password } from './data.ts'

const checkGoalMs = 0.3
const meGoalMs = 0.3
const signInGoalMs = 60
const meRuns = 3
const rounds = 40
const readsPerRound = 25
const signInsEach = 60
const signInsAtOnce = 4

interface Question {
  readonly url: string
  readonly target: string
  readonly token?: string
  readonly body?: object
  /** The address it comes from, of the loopback network. */
  readonly from?: string
}

interface Measured {
  readonly anonymousMs: number
  readonly sessionMs: number
  readonly meMs: number
  readonly signInMs: number
  readonly besideMs: number
  readonly aloneMs: number
}

/** Measures with a few thousand users, then with a crowd around them. */
export async function measureIdentity(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const data = join(scratch.path, 'identity')
  const { url, process: running } = await startStore(data)
  try {
    const address = await addressOf(data)
    const { products } = await fill(address)
    const client = await connectTo(address)
    const hash = await argonHasher.hash(password)
    const loader = await findLoader(scratch.path)
    const target = `/api/products/${products[0]}`
    const place = async (prefix: string): Promise<Place> => {
      const count = signInsEach * 2
      const emails = await addPeople(client, { prefix, count, hash })
      return { loader, url, target, emails, token: await addSession(client, emails[0] ?? '') }
    }
    await measure(await place('warm-'))
    const few = await measure(await place('few-'))
    tell(`identity, few users: ${shown(few)}`)
    tell(`identity: adding ${grouped(crowd.users)} users, ${grouped(crowd.sessions)} sessions`)
    await addCrowd(client, hash)
    await measure(await place('again-'))
    const many = await measure(await place('many-'))
    tell(`identity, many users: ${shown(many)}`)
    await client.end()
    return [...figuresOf('few users', few), ...figuresOf('the crowd', many)]
  } finally {
    await running.stop()
  }
}

interface Place {
  readonly loader: Loader
  readonly url: string
  readonly target: string
  readonly token: string
  /** Each signs in once: what is limited is tries, not success, but a first sign-in costs most. */
  readonly emails: readonly string[]
}

async function measure({ loader, url, target, token, emails }: Place): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const read = { url, target }
  const times = { anonymous: [] as number[], session: [] as number[] }
  // In turn, so that whatever else the machine does meets all of them alike.
  for (let round = 0; round < rounds; round++) {
    times.anonymous.push(median(await several(read, agent)))
    times.session.push(median(await several({ ...read, token }, agent)))
  }
  const signIns: number[] = []
  const waiting = emails.entries()
  for (const [index, email] of Array.from(
    { length: signInsEach },
    () => waiting.next().value ?? ([0, ''] as const),
  )) {
    signIns.push(await ask(signIn(url, { index, email }), agent))
  }
  const aloneMs = median(await several({ ...read, token }, agent, 200))
  let busy = signInsAtOnce
  const lane = async (): Promise<void> => {
    const own = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const [index, email] of waiting) await ask(signIn(url, { index, email }), own)
    own.destroy()
    busy -= 1
  }
  const lanes = Promise.all(Array.from({ length: signInsAtOnce }, lane))
  const beside: number[] = []
  while (busy > 0) beside.push(await ask({ ...read, token }, agent))
  await lanes
  agent.destroy()
  return {
    anonymousMs: median(times.anonymous),
    sessionMs: median(times.session),
    meMs: await meOf(loader, { url, token }),
    signInMs: median(signIns),
    ...{ aloneMs, besideMs: median(beside) },
  }
}

/** By the leanest client there is: what a client in Node adds is no part of the figure. */
async function meOf(loader: Loader, { url, token }: Pick<Place, 'url' | 'token'>): Promise<number> {
  const requests = [{ method: 'GET', target: '/api/identity/me', token }] as const
  const runs: number[] = []
  for (let run = 0; run < meRuns; run++) {
    const { p50Ms } = await loader.load({ url, requests, connections: 1, seconds: 2, label: 'me' })
    runs.push(p50Ms)
  }
  return median(runs)
}

/** Tries are counted by network: each comes from an address of its own. */
function signIn(url: string, { index, email }: { index: number; email: string }): Question {
  const from = `127.0.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`
  return { url, target: '/api/identity/sign-in', body: { email, password }, from }
}

async function several(question: Question, agent: Agent, count = readsPerRound): Promise<number[]> {
  const times: number[] = []
  for (let each = 0; each < count; each++) times.push(await ask(question, agent))
  return times
}

/** Milliseconds from the question to the last byte of its answer. */
function ask({ url, target, token, body, from }: Question, agent: Agent): Promise<number> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(text === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  }
  const options = {
    method: text === undefined ? 'GET' : 'POST',
    headers,
    agent: from === undefined ? agent : false,
    ...(from === undefined ? {} : { localAddress: from }),
  } as const
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    const sent = open(new URL(target, url), options, (response) => {
      const { statusCode = 0 } = response
      response.resume().once('end', () => {
        if (statusCode < 300) resolve(performance.now() - startMs)
        else reject(new Error(`${target} answered ${statusCode}`))
      })
    })
    sent.once('error', reject).end(text)
  })
}

function shown(measured: Measured): string {
  const each = Object.entries(measured).map(([name, ms]) => `${name} ${Number(ms).toFixed(2)}`)
  return each.join(', ')
}

function figuresOf(who: string, measured: Measured): readonly Figure[] {
  const { anonymousMs, sessionMs, meMs, signInMs, aloneMs, besideMs } = measured
  const checkMs = sessionMs - anonymousMs
  return [
    {
      name: `what a session adds to a point read, p50, ${who}`,
      value: `${checkMs.toFixed(2)} ms`,
      goal: `≤ ${checkGoalMs} ms`,
      reached: checkMs <= checkGoalMs,
    },
    {
      name: `GET /api/identity/me, p50, one connection, ${who}`,
      value: `${meMs.toFixed(2)} ms`,
      goal: `≤ ${meGoalMs} ms`,
      reached: meMs <= meGoalMs,
    },
    {
      name: `sign-in, p50, ${who}`,
      value: `${signInMs.toFixed(1)} ms`,
      goal: `≤ ${signInGoalMs} ms`,
      reached: signInMs <= signInGoalMs,
    },
    {
      name: `point read beside ${signInsAtOnce} sign-ins at once, p50, ${who}`,
      value: `${besideMs.toFixed(2)} ms, alone ${aloneMs.toFixed(2)} ms`,
      goal: `≤ ${signInGoalMs} ms`,
      reached: besideMs <= signInGoalMs,
    },
  ]
}
