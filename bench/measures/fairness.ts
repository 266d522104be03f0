/** Owns how long one caller waits while another sends many heavy reads at once. */

import { Agent, request as open } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from '../processes.ts'
import type { Figure } from '../table.ts'
import { connectTo, fill } from '../traffic/data.ts'
import { addressOf, type Scratch, startStore } from '../world.ts'

const goalMs = 100
const calls = 60
const seconds = 5
const pauseMs = 5

/** 200 products of 250 KB each: a page of 200 is too long for a read, one of 50 is not. */
const heavyRows = `
  alter table catalog.product drop constraint if exists product_description_check;
  do $$ declare found record; begin
    for found in select conname from pg_constraint
      where conrelid = 'catalog.product'::regclass and contype = 'c'
        and pg_get_constraintdef(oid) like '%description%'
    loop execute format('alter table catalog.product drop constraint %I', found.conname); end loop;
  end $$;
  update catalog.product set description = (
    select string_agg(md5(n::text || sku), '') from generate_series(1, 7800) n
  ) where id in (select id from catalog.product where published order by id limit 200)`

interface Probe {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
}

/** Measures point reads of a customer: alone, then beside an anonymous caller's heavy reads. */
export async function measureFairness(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const data = join(scratch.path, 'fairness')
  const { url, process: running } = await startStore(data)
  try {
    const address = await addressOf(data)
    const { products, customers } = await fill(address)
    const client = await connectTo(address)
    await client.query(heavyRows)
    await client.end()
    const probe = () =>
      measure({ url, target: `/api/products/${products[0]}`, token: customers[0] })
    await probe()
    tell(`fairness, quiet: ${shown(await probe())}`)
    const figures: Figure[] = []
    for (const limit of [200, 50]) {
      const target = `/api/products?limit=${limit}&sort=id`
      const beside = await besideHeavy(url, target, probe)
      tell(
        `fairness, beside ${calls} × limit=${limit} (${beside.outcomes}): ${shown(beside.probe)}`,
      )
      figures.push({
        name: `a caller's point read beside ${calls} reads of ${limit} × 250 KB, p95`,
        value: `${beside.probe.p95Ms.toFixed(1)} ms`,
        goal: `≤ ${goalMs} ms`,
        reached: beside.probe.p95Ms <= goalMs,
      })
    }
    return figures
  } finally {
    await running.stop()
  }
}

async function besideHeavy(url: string, target: string, probe: () => Promise<Probe>) {
  const file = join(import.meta.dirname, 'heavy-caller.ts')
  const parameters = ['--url', url, '--target', target, '--calls', String(calls)]
  const heavy = start(process.execPath, [file, ...parameters], {})
  await heavy.match(/calling/)
  await sleep(500)
  const during = await probe()
  const told = heavy.match(/(\{.*\})/)
  await heavy.stop()
  const [, outcomes = ''] = await told
  return { probe: during, outcomes }
}

interface Probing {
  readonly url: string
  readonly target: string
  readonly token: string | undefined
}

/** One call after the other, with a pause between, as somebody who clicks would send them. */
async function measure(probing: Probing): Promise<Probe> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const tookMs: number[] = []
  const endMs = performance.now() + seconds * 1_000
  while (performance.now() < endMs) {
    tookMs.push(await timeOf(probing, agent))
    await sleep(pauseMs)
  }
  agent.destroy()
  const sorted = tookMs.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  return { p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) }
}

function timeOf({ url, target, token }: Probing, agent: Agent): Promise<number> {
  const startMs = performance.now()
  const headers = { authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    const sent = open(new URL(target, url), { agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the probe got ${response.statusCode}`))
      response.resume().once('end', () => resolve(performance.now() - startMs))
    })
    sent.once('error', reject)
    sent.end()
  })
}

function shown({ p50Ms, p95Ms, maxMs }: Probe): string {
  const [p50, p95, max] = [p50Ms, p95Ms, maxMs].map((ms) => ms.toFixed(1))
  return `p50 ${p50}, p95 ${p95}, longest ${max} ms`
}
