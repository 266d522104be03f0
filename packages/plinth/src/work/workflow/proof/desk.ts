/** Owns a small app for proofs of workflows: what they did stands in its marks. */

import { app } from '../../../define/kit.ts'
import type { Given, Shape } from '../../../define/logic/shape.ts'
import { logicTransaction } from '../../../engine/logic/transaction.ts'
import type { Runtime } from '../../../engine/runtime.ts'
import {
  anyone,
  type Event,
  integer,
  kit,
  type LogicScope,
  type Signal,
  text,
  type Workflow,
} from '../../../index.ts'
import { testApp } from '../../../testing/test-app.ts'

/** A kit with one model: what was done, in its order. */
export function deskKit() {
  return kit('desk', {
    models: {
      mark: { fields: { text: text(), count: integer({ default: 0 }) }, access: { read: anyone } },
    },
  })
}

/** The kit of a desk. */
export type DeskKit = ReturnType<typeof deskKit>

/** An app with the kit, and the words by which proofs move it. */
export async function openDesk(desk: DeskKit) {
  const open = await testApp(app({ kits: [desk] }))
  const { runtime } = open.running
  const caller = { is: 'unrestricted', reason: 'proof' } as const
  const inside = <T>(work: (scope: LogicScope<never>) => Promise<T>): Promise<T> =>
    logicTransaction(runtime, { caller, traceId: 'proof', name: 'proof' }, ({ scope }) =>
      work(scope as unknown as LogicScope<never>),
    )
  return {
    ...open,
    inside,
    start: <I extends Shape, O>(workflow: Workflow<I, O>, input: Given<I>, id?: string) =>
      inside((scope) => scope.start(workflow, input, id === undefined ? {} : { id })),
    signal: <D extends Shape>(id: string, signal: Signal<D>, data: Given<D>) =>
      inside((scope) => scope.signal(id, signal, data)),
    emit: <D extends Shape>(event: Event<D>, data: Given<D>, subject: string) =>
      inside(async (scope) => scope.emit(event, data, { subject })),
    marks: () => marksOf(runtime),
    row: (id: string) => rowOf(runtime, id),
    steps: (id: string) => stepsOf(runtime, id),
  }
}

type Asking = Pick<Runtime, 'database'>

/** What the marks say, in the order in which they were made. */
async function marksOf({ database }: Asking): Promise<readonly string[]> {
  const query = { text: 'select text from desk.mark order by id', values: [] }
  const { rows } = await database.query(query)
  return rows.map(([text]) => text ?? '')
}

/** What is stored of a workflow. */
export interface WorkflowRow {
  readonly state: string
  readonly result: unknown
  readonly ending: { readonly error: { readonly code: string; readonly detail: string } } | null
  readonly problem: string | null
  readonly resting: boolean
}

async function rowOf({ database }: Asking, id: string): Promise<WorkflowRow> {
  const { rows } = await database.query({
    text: 'select state, result, ending, problem, resting from plinth.workflow where id = $1',
    values: [id],
  })
  const [state, result, ending, problem, resting] = rows[0] ?? []
  return {
    state: state ?? 'absent',
    result: result ? JSON.parse(result) : undefined,
    ending: ending ? JSON.parse(ending) : null,
    problem: problem ?? null,
    resting: resting === 't',
  }
}

async function stepsOf({ database }: Asking, id: string) {
  const { rows } = await database.query({
    text: `select name, kind, state, attempts, undo_state from plinth.workflow_step
      where workflow_id = $1 order by number`,
    values: [id],
  })
  return rows.map(([name, kind, state, attempts, undo]) => {
    const tail = undo === null ? '' : ` undo ${undo}`
    return `${name} ${kind} ${state} ${attempts}${tail}`
  })
}
