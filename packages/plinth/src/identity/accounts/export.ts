/** Owns what somebody takes along: their own rows across all models, under their own rules. */

import { Failure, invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { dayMs } from '../../base/time.ts'
import type { Action, PlainRecord } from '../../engine/runtime.ts'
import { textKind } from '../../kinds/kinds.ts'
import { type IdentityParts, maybe, operation } from '../flows/operation.ts'
import { demandAllFactors, demandFreshProof } from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import type { OwnRows } from './own-rows.ts'

/** A part of what somebody takes along. */
interface Part {
  readonly records: Readonly<Record<string, readonly PlainRecord[]>>
  /** What a rule keeps back until more was shown, and why. */
  readonly leftOut: readonly { readonly model: string; readonly why: string }[]
  /** To be sent as `after` for the next part; null: that was all. */
  readonly next: string | null
}

/** Answers with the caller's own rows, part by part. */
export function exportAccount(parts: IdentityParts): Action {
  return {
    operation: operation('exportAccount', {
      path: 'export-account',
      description:
        'The rows of all models that are the caller’s own, as far as the caller may read them: ' +
        'those that refer to the caller, and what belongs to those. Part by part: send `next` ' +
        `as \`after\` until it is null. A part holds about ${limits.exportRowsPerPart} rows. ` +
        'Asks for a fresh proof by all factors.',
      input: [maybe('after', textKind({ max: limits.cursorBytesMax }))],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      const { after } = scope.input
      if (after === null) {
        const [key, limit] = [`export:${userId}`, limits.exportsPerDay]
        await scope.take({ key, limit, windowMs: dayMs })
      }
      const owned = parts.ownRows()
      const from = placeOf(after, owned)
      const value = await scope.commit<Part, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        return collect(inside, { userId, owned, from })
      })
      return { status: 200, value }
    },
  }
}

interface Standing {
  /** Which of the models. */
  readonly at: number
  /** Where in it; undefined: at its beginning. */
  readonly cursor: string | undefined
}

function placeOf(after: unknown, owned: readonly OwnRows[]): Standing {
  if (after === null) return { at: 0, cursor: undefined }
  const [, model = '', cursor = ''] = /^([^ ]+) (.*)$/.exec(String(after)) ?? []
  const at = owned.findIndex((one) => one.model === model)
  if (at >= 0) return { at, cursor: cursor === '' ? undefined : cursor }
  const detail = 'Send what the part before has answered as `next`.'
  throw invalidInput([{ pointer: '/after', code: 'bad_cursor', detail }])
}

interface Collecting {
  readonly userId: string
  readonly owned: readonly OwnRows[]
  readonly from: Standing
}

async function collect(inside: IdentityScope, { userId, owned, from }: Collecting): Promise<Part> {
  const records: Record<string, PlainRecord[]> = {}
  const leftOut: { model: string; why: string }[] = []
  let [at, cursor, rows] = [from.at, from.cursor, 0]
  while (at < owned.length && rows < limits.exportRowsPerPart) {
    const one = owned[at] as OwnRows
    const found = await pageOf(inside, { userId, one, cursor })
    if (found.is === 'kept') leftOut.push({ model: one.model, why: found.why })
    if (found.is === 'page' && found.data.length > 0) {
      records[one.model] = [...(records[one.model] ?? []), ...found.data]
      rows += found.data.length
    }
    cursor = (found.is === 'page' && found.next) || undefined
    if (cursor === undefined) at += 1
  }
  const model = owned[at]?.model
  return { records, leftOut, next: model === undefined ? null : `${model} ${cursor ?? ''}` }
}

type Found =
  | { readonly is: 'page'; readonly data: readonly PlainRecord[]; readonly next: string | null }
  | { readonly is: 'kept'; readonly why: string }
  | { readonly is: 'nothing' }

interface Reading {
  readonly userId: string
  readonly one: OwnRows
  readonly cursor: string | undefined
}

type Finders = Readonly<
  Record<
    string,
    | {
        find(query: object): Promise<{
          readonly data: readonly PlainRecord[]
          readonly page: { readonly next: string | null }
        }>
      }
    | undefined
  >
>

async function pageOf(
  { data }: IdentityScope,
  { userId, one: { model, paths }, cursor }: Reading,
): Promise<Found> {
  const filter = { or: paths.map((path) => ({ [path]: userId })) }
  const query = { filter, sort: ['id'], limit: limits.pageSizeMax }
  try {
    const finder = (data as unknown as Finders)[model]
    const found = await finder?.find({ ...query, ...(cursor ? { after: cursor } : {}) })
    if (found === undefined) return { is: 'nothing' }
    return { is: 'page', data: found.data, next: found.page.next }
  } catch (error) {
    if (!(error instanceof Failure) || error.status >= 500) throw error
    // Rows that a rule keeps from them whatever they show are not theirs to take along.
    if (error.code === 'forbidden') return { is: 'nothing' }
    if (cursor !== undefined) throw error
    return { is: 'kept', why: error.detail }
  }
}
