/** Owns the races: so many at once at each limited thing, through HTTP, and who got through. */

import { type LocalResponse, testApp } from 'plinth/testing'
import { marketApp } from './market.ts'

/** What one race has come to. */
export interface Outcome {
  readonly name: string
  readonly fired: number
  readonly limit: number
  /** How many were told that they got it. */
  readonly granted: number
  /** How many have got it, as the database knows. */
  readonly kept: number
  /** Answers that say neither yes nor no: too busy, still running. */
  readonly busy: number
  /** Answers of another kind: none is right. */
  readonly strange: readonly string[]
}

/** True where exactly the limit got through, and everybody was told the truth. */
export function isRight({ limit, granted, kept, strange }: Outcome): boolean {
  return granted === limit && kept === limit && strange.length === 0
}

type Tested = Awaited<ReturnType<typeof openMarket>>

interface Race {
  readonly name: string
  readonly limit: number
  /** What the n-th request asks. */
  readonly ask: (thing: string, n: number) => Asked
  /** How many were really taken. */
  readonly kept: (tested: Tested, thing: string) => Promise<number>
  /** True for an answer that grants. Default: 2xx. */
  readonly grants?: (answer: Pick<LocalResponse, 'status'>) => boolean
  /** True for an answer that refuses. */
  readonly refuses: (code: string) => boolean
}

interface Asked {
  readonly path: string
  readonly body: unknown
  readonly key?: string
}

const stock = 10
const uses = 8

async function openMarket() {
  const its = await testApp(marketApp)
  const { url } = await its.serve()
  const query = async (text: string, ...values: readonly unknown[]) => {
    const { rows } = await its.running.runtime.database.query({ text, values })
    return Number(rows[0]?.[0] ?? 0)
  }
  return { its, query, url }
}

const isTaken = (code: string): boolean => code === 'taken'

function races(): readonly Race[] {
  const actions = ['', '-committed'].flatMap((suffix) => actionRaces(suffix))
  return [...actions, ...otherRaces()]
}

function actionRaces(suffix: string): readonly Race[] {
  const act = (name: string) => (thing: string, n: number) => {
    return { path: `/api/market/${name}${suffix}`, body: { thing, who: `customer ${n % 25}` } }
  }
  const label = suffix === '' ? '' : ', read committed'
  const taking = 'select coalesce(sum(taken), 0) from plinth.taking where key like $1'
  return [
    {
      ...{ name: `stock of ${stock}${label}`, limit: stock, ask: act('take'), refuses: isTaken },
      kept: async ({ its }, thing) => stock - (await its.data.thing.get(thing)).stock,
    },
    {
      name: `coupon: ${uses} in all, one for each of 25 customers${label}`,
      ...{ limit: uses, ask: act('redeem'), refuses: isTaken },
      kept: async ({ its }, thing) => (await its.data.thing.get(thing)).used,
    },
    {
      ...{ name: `named quota of 7${label}`, limit: 7, ask: act('quota'), refuses: isTaken },
      kept: ({ query }, thing) => query(taking, `%quota:${thing}`),
    },
    {
      ...{ name: `single use of a record${label}`, limit: 1, ask: act('spend'), refuses: isTaken },
      kept: async ({ its }, thing) => (await its.data.thing.get(thing)).version - 1,
    },
    {
      ...{ name: `single use of a word${label}`, limit: 1, ask: act('word'), refuses: isTaken },
      kept: ({ query }, thing) => query(taking, `%word:${thing}`),
    },
  ]
}

function otherRaces(): readonly Race[] {
  const added = 'select count(*) from market.thing where name = $1'
  const badges = 'select count(*) from market.badge where code = $1'
  return [
    {
      name: 'idempotency key',
      limit: 1,
      ask: (thing) => ({ path: '/api/market/add', body: { thing }, key: `add-${thing}` }),
      // Whoever gets the stored answer was granted nothing new.
      grants: () => false,
      refuses: (code) => code === 'in_progress',
      kept: ({ query }, thing) => query(added, `added to ${thing}`),
    },
    {
      name: 'unique value',
      limit: 1,
      ask: (thing) => ({ path: '/api/badges', body: { code: thing } }),
      refuses: (code) => code === 'conflict',
      kept: ({ query }, thing) => query(badges, thing),
    },
    {
      name: 'unique value in a batch',
      limit: 1,
      ask: (thing) => ({
        path: '/api/batch',
        body: { operations: [{ operation: 'badge.create', input: { code: thing } }] },
      }),
      refuses: (code) => code === 'conflict',
      kept: ({ query }, thing) => query(badges, thing),
    },
    {
      name: 'sign-in attempts of an account',
      limit: 5,
      ask: (thing) => ({
        path: '/api/identity/sign-in',
        body: { email: `${thing}@races.example`, password: 'a wrong password of some length' },
      }),
      // A guess that was judged has used up one of five.
      grants: ({ status }) => status === 401,
      refuses: (code) => code === 'rate_limited',
      kept: async () => 5,
    },
  ]
}

/** How the races are run. */
export interface Racing {
  /** How many at once. Default 50. */
  readonly fired?: number
  /** Words in the names of the races to run. Default: all. */
  readonly words?: readonly string[]
  /** SQL that takes a safeguard away. */
  readonly without?: string
}

/** Fires so many at each limited thing, once. */
export async function runRaces({
  fired = 50,
  words = [],
  without,
}: Racing = {}): Promise<Outcome[]> {
  const tested = await openMarket()
  try {
    if (without !== undefined) {
      await tested.its.running.runtime.database.dedicated((session) => session.script(without))
    }
    const outcomes: Outcome[] = []
    for (const race of races()) {
      if (words.length > 0 && !words.some((word) => race.name.includes(word))) continue
      outcomes.push(await run(tested, race, fired))
    }
    return outcomes
  } finally {
    await tested.its.close()
  }
}

async function run(tested: Tested, race: Race, fired: number): Promise<Outcome> {
  const thing = await tested.its.data.thing.create({ name: race.name, stock, usesMax: uses })
  const answers = await Promise.all(
    Array.from({ length: fired }, (_, n) => send(tested, race.ask(thing.id, n))),
  )
  const grants = race.grants ?? (({ status }: { status: number }) => status < 300)
  const fresh = ({ replayed }: Answer): boolean => !replayed
  const isKey = race.name === 'idempotency key'
  const granted = answers.filter((answer) =>
    isKey ? answer.status < 300 && fresh(answer) : grants(answer),
  ).length
  const rest = answers.filter((answer) => !grants(answer) && answer.status >= 300)
  const busy = rest.filter(({ status }) => status === 503)
  const strange = rest.filter(({ status, code }) => status !== 503 && !race.refuses(code))
  return {
    ...{ name: race.name, fired, limit: race.limit, granted, busy: busy.length },
    kept: await race.kept(tested, thing.id),
    strange: strange.map(({ status, code }) => `${status} ${code}`),
  }
}

interface Answer {
  readonly status: number
  readonly code: string
  readonly replayed: boolean
}

async function send({ url }: Tested, { path, body, key }: Asked): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  const code = response.ok ? '' : (JSON.parse(text) as { code: string }).code
  return {
    ...{ status: response.status, code },
    replayed: response.headers.has('idempotency-replayed'),
  }
}
