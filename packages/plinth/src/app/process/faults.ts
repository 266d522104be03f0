/** Owns the planting of faults in a process under test: what only the process itself can do. */

import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, watchFile, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  armFailpoints,
  type Executioner,
  parseFailpoints,
  plantSabotages,
  type SetFailpoint,
} from '../../base/failpoint.ts'
import type { FaultSettings } from '../config/faults.ts'

const planPollMs = 25

/**
 * Plants the faults of the configuration, and follows the file `plan` in their folder: a test sets
 * failpoints there in a process that runs. What fires is noted in `fired.jsonl` before it happens.
 */
export function plantFaults(settings: FaultSettings | undefined): void {
  if (settings === undefined) return
  const { folder, points, sabotages } = settings
  mkdirSync(join(folder, 'fired'), { recursive: true })
  plantSabotages(sabotages)
  const executioner = executionerOf(folder)
  const plan = join(folder, 'plan')
  const arm = (): void => armFailpoints([...points, ...planned(plan)], executioner)
  arm()
  watchFile(plan, { interval: planPollMs, persistent: false }, arm)
}

function planned(plan: string): readonly SetFailpoint[] {
  let text: string
  try {
    text = readFileSync(plan, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return parseFailpoints(text)
}

function executionerOf(folder: string): Executioner {
  const self = process.pid
  return {
    kill: () => process.kill(self, 'SIGKILL'),
    stop(forMs) {
      // A frozen process cannot wake itself.
      const script = `sleep ${forMs / 1_000}; kill -CONT ${self}`
      spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore' }).unref()
      process.kill(self, 'SIGSTOP')
    },
    claim(point) {
      if (point.hit !== undefined && !isFirst(folder, point)) return false
      const line = JSON.stringify({ point: point.text, pid: self })
      appendFileSync(join(folder, 'fired.jsonl'), `${line}\n`)
      return true
    },
  }
}

/** The file is made by one process only, whoever else is at the same passage. */
function isFirst(folder: string, { text }: SetFailpoint): boolean {
  try {
    writeFileSync(join(folder, 'fired', text.replaceAll(/[^\w.@=:-]/g, '_')), '', { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
