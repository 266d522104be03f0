/** Owns a drawn app that runs, with the things that were written into it. */

import assert from 'node:assert/strict'
import type { LocalResponse } from '../../packages/plinth/src/app/local-request.ts'
import type { Json } from '../../packages/plinth/src/kinds/kind.ts'
import { testApp } from '../../packages/plinth/src/testing.ts'
import { agreementWith } from './agreement.ts'
import type { Chance } from './chance.ts'
import type { Declaration } from './declaration.ts'
import { bodyOf, collides, type Draft, drawThing, type Kept, partOf } from './rows.ts'

/** A record as it came. */
export type Recorded = { readonly id: string; readonly version: number } & Kept

/** A thing that is stored. */
export interface Thing {
  readonly id: string
  kept: Kept
  readonly rackId: string | null
  readonly tagIds: readonly string[]
}

/** A running app with things in it. */
export interface World {
  readonly declaration: Declaration
  readonly things: Thing[]
  /** Ids of racks and of tags. */
  readonly racks: readonly string[]
  readonly tags: readonly string[]
  /** Sends a body of JSON text, and expects a status. */
  send(method: string, path: string, rest?: Sending): Promise<LocalResponse>
  close(): Promise<void>
}

/** What is sent, and what is expected. */
export interface Sending {
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Default 200. */
  readonly status?: number
}

/** Opens a drawn app, with two racks and three tags. */
export async function openWorld(declaration: Declaration): Promise<World> {
  const stand = await testApp(declaration.app)
  const disagreements = agreementWith((await stand.request('GET', '/openapi.json?v=3.2')).json())
  const send: World['send'] = async (method, path, { status = 200, ...rest } = {}) => {
    const answer = await stand.request(method, path, rest)
    assert.equal(answer.status, status, `${method} ${path} ${rest.body ?? ''}\n${answer.text}`)
    assert.deepEqual(disagreements({ method, path }, answer), [], `${method} ${path}`)
    return answer
  }
  const make = async (path: string, name: string) => {
    const body = JSON.stringify({ name })
    return recordOf(await send('POST', path, { body, status: 201 })).id
  }
  const racks: string[] = []
  const tags: string[] = []
  for (const name of ['A', 'B']) racks.push(await make('/api/racks', name))
  for (const name of ['a', 'b', 'c']) tags.push(await make('/api/tags', name))
  return { declaration, things: [], racks, tags, send, close: () => stand.close() }
}

/** The record of an answer. */
export function recordOf(answer: LocalResponse): Recorded {
  return answer.json() as Recorded
}

/** The records of a page. */
export function recordsOf(answer: LocalResponse): readonly Recorded[] {
  return (answer.json() as { readonly data: readonly Recorded[] }).data
}

/** Writes random things by every way there is; what collides must be refused. */
export async function fill(world: World, chance: Chance, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const draft = drawThing(chance, world.declaration)
    const rackId = chance.pick([null, ...world.racks])
    const tagIds = chance.some(world.tags)
    const links = { rackId: JSON.stringify(rackId), tagIds: JSON.stringify(tagIds) }
    const taken = world.things.some(({ kept }) => collides(kept, draft.kept, world.declaration))
    if (taken) {
      const answer = await world.send('POST', '/api/things', {
        body: bodyOf(draft.sent, links),
        status: 409,
      })
      assert.equal((answer.json() as { readonly code: string }).code, 'conflict')
      continue
    }
    const record = await create(world, { draft, links, way: chance.pick(ways) })
    assert.deepEqual(partOf(record, draft.kept), draft.kept, 'what is created is answered')
    world.things.push({ id: record.id, kept: draft.kept, rackId, tagIds })
  }
}

const ways = ['create', 'upsert', 'batch'] as const

interface Creating {
  readonly draft: Draft
  readonly links: Readonly<Record<string, string>>
  readonly way: (typeof ways)[number]
}

async function create(world: World, { draft, links, way }: Creating): Promise<Recorded> {
  const body = bodyOf(draft.sent, links)
  if (way === 'batch') {
    const operations = `{"operations":[{"operation":"thing.create","input":${body}}]}`
    const answer = await world.send('POST', '/api/batch', { body: operations })
    const { results } = answer.json() as { readonly results: readonly { body: Recorded }[] }
    return results[0]?.body ?? assert.fail('a result')
  }
  const path = way === 'upsert' ? keyPath(world.declaration, draft.kept) : undefined
  if (path === undefined) {
    return recordOf(await world.send('POST', '/api/things', { body, status: 201 }))
  }
  return recordOf(await world.send('PUT', path, { body, status: 201 }))
}

/** The address of a thing by its natural key; undefined where there is none. */
export function keyPath({ key }: Declaration, kept: Kept): string | undefined {
  if (key.length === 0) return undefined
  const parts = key.map(({ name }) => `${name}=${encodeURIComponent(textOf(kept[name]))}`)
  return `/api/things/${parts.join(',')}`
}

/** A value as a query string has it. */
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'amount' in value) return String(value.amount)
  return JSON.stringify(value)
}
