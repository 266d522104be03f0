/** Owns giving memory back that a load has left behind, once nobody asks for anything. */

import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const lookEveryMs = 5_000
// Below this share of a span the event loop has been as good as idle.
const quietShare = 0.03
const worthwhileBytes = 16 * 1_048_576

type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void

/**
 * Collects garbage whenever a quiet span follows a load. V8 collects when memory is asked for:
 * after the last call of a load nothing asks, and what it has left stays taken. A pause of some
 * ten milliseconds falls where hardly anybody waits.
 */
export function giveMemoryBack(): { stop(): void } {
  let collect: Collect | undefined
  let heldBytes = process.memoryUsage().heapTotal
  let before = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    if (utilization > quietShare) return
    if (process.memoryUsage().heapTotal < heldBytes + worthwhileBytes) return
    collect ??= collector()
    collect({ type: 'major', flavor: 'last-resort' })
    heldBytes = process.memoryUsage().heapTotal
  }, lookEveryMs).unref()
  return { stop: () => clearInterval(timer) }
}

function collector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
