/** Owns the reporter inside a test process: one line of JSON for each test that ended. */

/** A test as it ended. */
export interface Outcome {
  readonly name: string
  readonly line: number
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Why it failed: message and stack. */
  readonly reason?: string
}

interface TestEvent {
  readonly type: string
  readonly data: {
    readonly name: string
    readonly line?: number
    readonly skip?: string | boolean
    readonly todo?: string | boolean
    readonly details?: { readonly type?: string; readonly error?: Failing }
  }
}

interface Failing {
  readonly failureType?: string
  readonly message: string
  readonly cause?: unknown
}

/** Turns the events of node:test into lines; node:test asks for the default name. */
async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const outcome = outcomeOf(event)
    if (outcome) yield `${JSON.stringify(outcome)}\n`
  }
}

/** What an event tells. A suite, or a parent that failed by its children, is no test. */
export function outcomeOf({ type, data }: TestEvent): Outcome | undefined {
  if (type !== 'test:pass' && type !== 'test:fail') return undefined
  const { name, line = 1, skip, todo, details } = data
  const error = details?.error
  if (error?.failureType === 'subtestsFailed') return undefined
  if (skip !== undefined || todo !== undefined) return { name, line, state: 'skipped' }
  if (details?.type === 'suite' && type === 'test:pass') return undefined
  if (type === 'test:pass') return { name, line, state: 'passed' }
  return { name, line, state: 'failed', reason: reasonOf(error) }
}

function reasonOf(error: Failing | undefined): string {
  const cause = error?.cause
  if (cause instanceof Error) return cause.stack ?? cause.message
  return String(cause ?? error?.message ?? 'no reason given')
}

export { report as default }
