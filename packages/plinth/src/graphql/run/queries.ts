/** Owns the running of queries: all reads of an operation as one call, its text put together. */

import type { GraphQLObjectType } from 'graphql'
import { Failure } from '../../base/failure.ts'
import type { ReadPart, Reply } from '../../engine/call.ts'
import { type ErrorPlace, thrownFailure } from '../answer/errors.ts'
import type { Asked, collect } from '../plan/collect.ts'
import {
  type PlannedRead,
  planRoot,
  type ReadPlan,
  type RootPart,
  type RootPlanning,
} from '../plan/root.ts'
import { checkRows } from '../plan/rows.ts'
import type { Answering } from './answering.ts'
import { planCall } from './calls.ts'
import { type Introspecting, introspect } from './introspect.ts'
import type { GraphqlRequest } from './request.ts'

/** What a query is run with. */
export interface QueryRun {
  readonly planning: RootPlanning
  readonly type: GraphQLObjectType
  readonly sets: Parameters<typeof collect>[2]
  readonly introspecting: Introspecting
  readonly demandOwnSite: GraphqlRequest['demandOwnSite']
  /** What the same query was translated to before. */
  readonly known: () => readonly RootPart[] | undefined
  /** Keeps the translation for the next time. */
  readonly keep: (parts: readonly RootPart[]) => void
}

/**
 * Runs a query: every read of it goes into one call, which is one statement; safe actions are
 * calls of their own, beside it. Fails as a whole with what the engine refuses the call for.
 */
export async function runQuery(answering: Answering, run: QueryRun): Promise<string> {
  const parts = run.known() ?? planRoot(run.planning, run.type, run.sets)
  run.keep(parts)
  const planned = parts.flatMap(plansOf).filter(isPlanned)
  const calls = parts.map((part) =>
    part.is === 'action' ? planCall({ ...run, ...part }) : undefined,
  )
  checkRows([...planned, ...calls].reduce((sum, each) => sum + (each?.rows ?? 0), 0))
  const [reply, ...answers] = await Promise.all([
    readAll(answering, planned),
    ...calls.map((call) => call?.run(answering)),
  ])
  if (parts.some(({ is }) => is === 'schema')) {
    demandIntrospection(run.introspecting, reply)
  }
  const replies = new Map(planned.map((plan, index) => [plan, reply.parts?.[index]]))
  const texts = parts.map((part, index) => {
    return `"${part.asked.key}":${textOf(part)}`

    function textOf(each: RootPart): string {
      switch (each.is) {
        case 'text':
          return each.text
        case 'schema':
          return introspect(answering, run.introspecting, each.asked)
        case 'action':
          return answers[index] ?? 'null'
        case 'one':
          return written(answering, each.plan, {
            replies,
            asked: each.asked,
            path: [each.asked.key],
          })
        case 'many': {
          const { asked, plans } = each
          const items = plans.map((plan, at) =>
            written(answering, plan, { replies, asked, path: [asked.key, at] }),
          )
          return `[${items.join()}]`
        }
      }
    }
  })
  return `{${texts.join()}}`
}

function plansOf(part: RootPart): readonly ReadPlan[] {
  if (part.is === 'one') return [part.plan]
  return part.is === 'many' ? part.plans : []
}

function isPlanned(plan: ReadPlan): plan is PlannedRead {
  return 'write' in plan
}

async function readAll(
  { invoke, call }: Answering,
  planned: readonly PlannedRead[],
): Promise<Reply> {
  const reads = planned.map(({ read }) => read)
  return invoke({ ...call, operation: 'reads', connections: true, reads })
}

function demandIntrospection({ open }: Introspecting, { signedIn }: Reply): void {
  if (open || signedIn) return
  throw new Failure('sign_in_required', {
    detail: 'The schema is told to those who have signed in: sign in first.',
  })
}

interface Writing {
  readonly replies: ReadonlyMap<PlannedRead, ReadPart | undefined>
  readonly asked: Asked
  readonly path: NonNullable<ErrorPlace['path']>
}

function written({ fail }: Answering, plan: ReadPlan, { replies, asked, path }: Writing): string {
  const place = { path, nodes: asked.nodes }
  if (!isPlanned(plan)) return fail(thrownFailure(plan.failure), place)
  const part = replies.get(plan)
  if (part && 'answer' in part) return plan.write(part.answer)
  return fail(plan.places.translated(thrownFailure(part?.failure)), place)
}
