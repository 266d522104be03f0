/** Owns the history of a run as checkers read it: who asked for what when, what came of it. */

/** How an operation ended. Only `unknown` may have happened or not. */
export type Outcome = 'ok' | 'fail' | 'unknown'

/** One line of `history.jsonl`: an operation begins, or its end becomes known. */
export interface HistoryLine {
  /** Milliseconds of a monotonic counter; the same counter for a whole run. */
  readonly t: number
  readonly client: number
  /** Names one operation: its `invoke` and its end share it. */
  readonly id: string
  readonly op: string
  readonly phase: 'invoke' | Outcome
  /** What was asked for, in the line `invoke`. */
  readonly request?: unknown
  /** What came back, in the line of the end. */
  readonly response?: unknown
}

/** One operation from its beginning to its end. */
export interface Operation {
  readonly id: string
  readonly client: number
  readonly op: string
  readonly request: unknown
  readonly response: unknown
  readonly outcome: Outcome
  readonly begunAt: number
  /** Infinity where no end is known: it may still happen. */
  readonly endedAt: number
}

/** What a checker found: a name of the anomaly, and what shows it. */
export interface Anomaly {
  readonly kind: string
  readonly detail: string
}

/** Reads the lines of a history file. A last line that was torn by a kill is left out. */
export function readHistory(text: string): readonly HistoryLine[] {
  const lines = text.split('\n')
  const whole = lines.slice(0, -1)
  return whole.map((line) => JSON.parse(line) as HistoryLine)
}

/**
 * Pairs beginnings with their ends. Several `unknown` and one later answer to a repeat of the same
 * operation are one operation: its last word counts, and it lasts until then.
 */
export function operationsOf(lines: readonly HistoryLine[]): readonly Operation[] {
  const found = new Map<string, Operation>()
  for (const line of lines) {
    const earlier = found.get(line.id)
    if (line.phase === 'invoke') {
      if (earlier === undefined) found.set(line.id, begun(line))
    } else if (earlier !== undefined && earlier.outcome === 'unknown') {
      found.set(line.id, ended(earlier, line))
    }
  }
  return [...found.values()]
}

function begun({ id, client, op, request, t }: HistoryLine): Operation {
  const open = { response: undefined, outcome: 'unknown', endedAt: Number.POSITIVE_INFINITY }
  return { id, client, op, request, begunAt: t, ...open } as Operation
}

function ended(operation: Operation, { phase, response, t }: HistoryLine): Operation {
  if (phase === 'unknown' || phase === 'invoke') return operation
  return { ...operation, response, outcome: phase, endedAt: t }
}
