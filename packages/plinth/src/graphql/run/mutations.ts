/** Owns the running of mutations: one after the other, each in a transaction of its own. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { type Asked, collect } from '../plan/collect.ts'
import type { RootPlanning } from '../plan/root.ts'
import { checkRows } from '../plan/rows.ts'
import { useOf } from '../schema/setting.ts'
import type { Answering } from './answering.ts'
import { planCall } from './calls.ts'
import type { GraphqlRequest } from './request.ts'

/** The mutations of an operation. */
export interface MutationRun {
  readonly planning: RootPlanning
  readonly type: Parameters<typeof collect>[1]
  readonly sets: Parameters<typeof collect>[2]
}

/** Runs the mutations of an operation one after the other, each in a transaction of its own. */
export async function runMutation(
  under: Answering,
  { planning, type, sets }: MutationRun,
  { idempotencyKey, demandOwnSite }: GraphqlRequest,
): Promise<string> {
  const fields = collect(planning.reading, type, sets)
  const calls = fields.filter(({ name }) => name !== '__typename')
  if (calls.length > limits.graphqlMutationsMax) {
    const most = limits.graphqlMutationsMax
    throw new Failure('query_too_costly', {
      detail: `At most ${most} mutations at once (graphqlMutationsMax): send several requests.`,
    })
  }
  const keyOf = ({ key }: Asked): string | undefined => {
    return idempotencyKey !== undefined && calls.length > 1
      ? `${idempotencyKey}/${key}`
      : idempotencyKey
  }
  const planned = fields.map((asked) => {
    const use = useOf(type, asked.name)
    if (use?.is !== 'operation') return { asked, call: undefined }
    const { operation } = use
    const call = planCall({
      planning,
      type,
      asked,
      operation,
      idempotencyKey: keyOf(asked),
      demandOwnSite,
    })
    return { asked, call }
  })
  checkRows(planned.reduce((sum, { call }) => sum + (call?.rows ?? 0), 0))
  const texts: string[] = []
  for (const { asked, call } of planned) {
    texts.push(`"${asked.key}":${call ? await call.run(under) : `"${type.name}"`}`)
  }
  return `{${texts.join()}}`
}
