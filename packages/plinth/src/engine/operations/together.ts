/** Owns reads that are asked together: each stands for itself, all are one statement. */

import { askerOf, factsOf } from '../../access/caller.ts'
import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import type { Model } from '../../catalog/catalog.ts'
import { notFound, type ParsedRead, parseGet, parseList } from '../../query/grammar/read.ts'
import { runRead } from '../../query/read/run.ts'
import { planTogether, runTogether } from '../../query/read/together.ts'
import type { ReadAsked, ReadPart, Reply } from '../call.ts'
import type { Scope } from '../runtime.ts'
import { demandPossible } from './permit.ts'
import { plannedRead, readRequest } from './reads.ts'

/** A read that can be planned. */
interface Ready {
  readonly model: Model
  readonly parsed: ParsedRead
}

/**
 * Runs lists and gets of models as one statement, in one snapshot. What is wrong with one of them
 * is its own answer; what the database fails with ends all.
 */
export async function runReads(scope: Scope): Promise<Reply> {
  const asked = scope.call.reads ?? []
  if (asked.length > limits.readsTogetherMax) {
    const cap = `At most ${limits.readsTogetherMax} reads at once (readsTogetherMax)`
    throw new Failure('query_too_costly', { detail: `${cap}: ask in two calls.` })
  }
  const only = asked.length === 1 ? asked[0] : undefined
  const { signedIn } = factsOf(scope.caller, scope.runtime.catalog)
  const done = { status: 200, body: undefined, signedIn }
  if (only) return { ...done, parts: [await alone(scope, only)] }
  const parsed = asked.map((read) => settled(() => parse(scope, read)))
  const ready = parsed.flatMap((each) => ('ready' in each ? [each.ready] : []))
  const answers = ready.length === 0 ? [] : await run(scope, ready)
  let next = 0
  const parts = parsed.map((each): ReadPart => {
    if ('failure' in each) return each
    const answer = answers[next++]
    return answer ? { answer } : { failure: notFound() }
  })
  return { ...done, parts }
}

async function alone(scope: Scope, read: ReadAsked): Promise<ReadPart> {
  const { is, model } = readOf(scope, read)
  const one = { ...scope, call: { ...scope.call, ...read } }
  try {
    const run = plannedRead(one, is, model)
    const answer = await runRead(scope.session, run, scope.runtime.cursors)
    return answer ? { answer } : { failure: notFound() }
  } catch (failure) {
    return expected(failure)
  }
}

function parse(scope: Scope, read: ReadAsked): Ready {
  const { is, model } = readOf(scope, read)
  demandPossible(scope, model, 'read')
  const { cursors } = scope.runtime
  const asker = askerOf(scope.caller)
  const request = readRequest({ ...scope, call: { ...scope.call, ...read } }, model)
  if (is === 'list') return { model, parsed: parseList({ ...request, cursors, ...asker }) }
  const by = read.key ?? { id: present(read.id, 'the id of a read') }
  return { model, parsed: parseGet({ ...request, by, paging: { cursors, ...asker } }) }
}

function run(scope: Scope, ready: readonly Ready[]) {
  const { runtime, caller, session, turn } = scope
  const { catalog, plans, clock, cursors } = runtime
  const facts = factsOf(caller, catalog)
  const key = ready.map(({ parsed }) => parsed.key).join(' ')
  const plan = plans.get(`reads ${facts.key} ${key}`, () =>
    planTogether(
      ready.map(({ model, parsed: { shape, values } }) => {
        return { catalog, facts, model, shape, values: values.length }
      }),
    ),
  )
  const inputs = { ...askerOf(caller), now: instantText(clock.now()) }
  const reads = ready.map(({ parsed }) => parsed)
  return runTogether(session, { plan, reads, inputs, caller: turn }, cursors)
}

function readOf({ runtime }: Scope, { operation: name }: ReadAsked) {
  const operation = present(runtime.catalog.operations.get(name), name)
  if (operation.type === 'list' || operation.type === 'get') {
    return { is: operation.type, model: operation.model }
  }
  throw new Failure('not_found', { detail: `"${name}" is no read: name a list or a get.` })
}

function settled(work: () => Ready): { readonly ready: Ready } | { readonly failure: unknown } {
  try {
    return { ready: work() }
  } catch (failure) {
    return expected(failure)
  }
}

/** What is a bug ends the whole call. */
function expected(failure: unknown): { readonly failure: unknown } {
  if (failure instanceof Failure) return { failure }
  throw failure
}
