/** Owns `plinth workflows list|show|signal|cancel|retry|fork`. */

import type { WorkflowDetail, WorkflowQuestion } from '../../app/compose.ts'
import { Failure } from '../../base/failure.ts'
import { withApp } from '../session.ts'
import { columns, printData, tell } from '../terminal.ts'

interface OfApp {
  readonly app: string | undefined
}

interface OfWorkflow extends OfApp {
  readonly id: string
}

/** Options of `plinth workflows list`. */
export interface ListCommand extends OfApp, WorkflowQuestion {
  readonly format: 'table' | 'jsonl'
}

/** Lists workflows, the latest first. */
export async function list({ app, format, ...question }: ListCommand): Promise<void> {
  await withApp(app, async ({ running }) => {
    const found = await running.workflows.list(question)
    if (format === 'jsonl') {
      for (const workflow of found) printData(JSON.stringify(workflow))
      return
    }
    if (found.length === 0) {
      const { name } = question
      const known = [...running.runtime.catalog.logic.workflows.keys()]
      const odd = name !== undefined && !known.includes(name)
      tell(
        odd ? `There is no workflow ${name}. The app has: ${known.join(', ')}.` : 'There are none.',
      )
      return
    }
    const head = ['STATE', 'NAME', 'VERSION', 'STARTED', 'WAKES', 'ID', 'REASON']
    const rows = found.map((one) => [
      ...[one.state, one.name, String(one.version), one.startedAt, one.wakeAt ?? '-', one.id],
      one.reason ?? '',
    ])
    for (const line of columns([head, ...rows])) printData(line)
  })
}

/** Shows all that is recorded of a workflow. */
export async function show(
  command: OfWorkflow & { readonly format: 'table' | 'jsonl' },
): Promise<void> {
  const { app, id, format } = command
  await withApp(app, async ({ running }) => {
    const found = await running.workflows.get(id)
    if (found === undefined) throw absent(id)
    if (format === 'jsonl') printData(JSON.stringify(found))
    else for (const line of linesOf(found)) printData(line)
  })
}

function linesOf(workflow: WorkflowDetail): readonly string[] {
  const { id, name, version, state, reason, startedAt, endedAt, wakeAt, signals } = workflow
  const facts = [
    ['id', id],
    ['workflow', `${name}, version ${version}`],
    ['state', reason === null ? state : `${state}: ${reason}`],
    ['started', startedAt],
    ['ended', endedAt ?? '-'],
    ['wakes', wakeAt ?? '-'],
    ['input', JSON.stringify(workflow.input)],
    ['result', JSON.stringify(workflow.result)],
    ['parent', workflow.parentId ?? '-'],
    ['fork of', workflow.forkedFrom ?? '-'],
  ]
  const told = signals.map(({ signal, data, taken, sentAt }) => [
    ...['signal', signal, taken ? 'taken' : 'kept', '', sentAt],
    JSON.stringify(data),
  ])
  const head = ['KIND', 'STEP', 'STATE', 'UNDO', 'ENDED', 'RESULT']
  return [...columns(facts), '', ...columns([head, ...workflow.steps.map(stepLine), ...told])]
}

function stepLine(step: WorkflowDetail['steps'][number]): readonly string[] {
  const { kind, name, state, undo, endedAt, dueAt, attempts, reason, result, reused } = step
  const tried = attempts > 0 ? ` after ${attempts} failed attempts` : ''
  const due = dueAt !== null && state === 'open' ? ` until ${dueAt}` : ''
  const said = step.undoReason ?? reason ?? JSON.stringify(result)
  const whole = `${state}${tried}${due}${reused ? ' (taken over)' : ''}`
  return [kind, name, whole, undo ?? '', endedAt ?? '', said]
}

/** Gives a workflow a signal. */
export async function signal(
  command: OfWorkflow & { readonly signal: string; readonly data: string },
): Promise<void> {
  const data = jsonOf(command.data)
  await withApp(command.app, async ({ running }) => {
    const kept = await running.workflows.signalNamed(command.id, command.signal, data)
    tell(kept ? 'Told.' : 'It has ended: nothing was kept.')
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    const form = `JSON in quotes, such as '{"reference":"r1"}'`
    throw new Failure('usage', { detail: `The data of a signal is ${form}: ${text} is none.` })
  }
}

/** Stops a workflow and undoes what it has done. */
export async function cancel({
  app,
  id,
  reason,
}: OfWorkflow & { readonly reason: string | undefined }): Promise<void> {
  await withApp(app, async ({ running }) => {
    if (await running.workflows.cancel(id, reason)) {
      tell('It is asked to stop, and undoes what it did.')
      return
    }
    const { state = 'gone' } = (await running.workflows.get(id)) ?? {}
    tell(state === 'undoing' ? 'It is at it already.' : `It has ended (${state}): nothing changes.`)
  })
}

/** Lets a workflow try again at once. */
export async function retry({ app, id }: OfWorkflow): Promise<void> {
  await withApp(app, async ({ running }) => {
    const again = await running.workflows.retry(id)
    tell(
      again
        ? 'It tries again at once.'
        : 'Nothing of it has failed: it goes on when its time comes, or what it waits for.',
    )
  })
}

/** Options of `plinth workflows fork`. */
export interface ForkCommand extends OfApp {
  readonly sourceId: string
  readonly from: string
  readonly id?: string | undefined
  readonly version?: number | undefined
}

/** Begins a new workflow that takes over the results up to a step. */
export async function fork({ app, sourceId, ...options }: ForkCommand): Promise<void> {
  await withApp(app, async ({ running }) => {
    printData(await running.workflows.fork(sourceId, options))
    tell(`It takes over what was done before "${options.from}".`)
  })
}

function absent(id: string): Failure {
  const cure = '`plinth workflows list` shows their ids.'
  return new Failure('not_found', { detail: `There is no workflow "${id}": ${cure}` })
}
