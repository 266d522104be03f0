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
import { jumpSystemClock } from '../../base/time.ts'
import type { FaultSettings } from '../config/faults.ts'

const planPollMs = 25

/**
 * Plants the faults of the configuration, and follows the file `plan` in their folder: a test sets
 * failpoints there in a process that runs, or lets the machine's clock jump as the process sees it
 * (`clock=-1h`). What fires is noted in `fired.jsonl` before it happens.
 */
export function plantFaults(settings: FaultSettings | undefined): void {
  if (settings === undefined) return
  const { folder, points, sabotages } = settings
  mkdirSync(join(folder, 'fired'), { recursive: true })
  plantSabotages(sabotages)
  const executioner = executionerOf(folder)
  const plan = join(folder, 'plan')
  const arm = (): void => {
    const parts = planned(plan)
    armFailpoints([...points, ...parseFailpoints(parts.filter(isPoint).join(';'))], executioner)
    jump(folder, parts.find(isJump))
  }
  arm()
  watchFile(plan, { interval: planPollMs, persistent: false }, arm)
}

function planned(plan: string): readonly string[] {
  try {
    return readFileSync(plan, 'utf8').split(';')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

const jumpForm = /^clock=([+-]\d+)h$/
const hourMs = 3_600_000

function isJump(part: string): boolean {
  return jumpForm.test(part)
}

function isPoint(part: string): boolean {
  return !isJump(part)
}

/** The machine's clock jumps by hours while the plan says so: `clock=+1h`. */
function jump(folder: string, part = ''): void {
  const hours = Number(jumpForm.exec(part)?.[1] ?? 0)
  jumpSystemClock(hours * hourMs)
  if (hours !== 0) note(folder, part)
}

/** Says to whoever runs the test what has happened in this process. */
function note(folder: string, point: string): void {
  const line = JSON.stringify({ point, pid: process.pid })
  appendFileSync(join(folder, 'fired.jsonl'), `${line}\n`)
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
      note(folder, point.text)
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
