/** Owns the end of a turn of the event loop: what waits until all that arrived was looked at. */

let waiting: (() => void)[] = []

/**
 * Runs the work once everything that arrived together was looked at, in the order in which it was
 * asked for. Work asked for meanwhile still belongs to this turn: what one piece gathers, the next
 * one sends, without another round of the loop between.
 */
export function atTurnEnd(work: () => void): void {
  if (waiting.push(work) === 1) setImmediate(endTurn)
}

function endTurn(): void {
  let done = 0
  try {
    while (done < waiting.length) waiting[done++]?.()
  } finally {
    // One that throws is a bug; the others must not wait for ever because of it.
    waiting = waiting.slice(done)
    if (waiting.length > 0) setImmediate(endTurn)
  }
}
