/** Owns the process that the crash proof kills: it makes notes, each under its own key. */

import { writeSync } from 'node:fs'
import { openApp } from '../../app/compose.ts'
import type { DatabaseAddress } from '../../database/database.ts'
import { deskApp } from './desk.ts'

/** What the process is told. */
export interface CrashTask {
  readonly address: DatabaseAddress
  readonly worker: number
  /** The first note that was not acknowledged. */
  readonly from: number
  readonly ownerId: string
}

const atOnce = 4
const task = JSON.parse(process.argv[2] ?? '') as CrashTask
const { invoke } = await openApp(deskApp, {
  database: task.address,
  secret: 'x'.repeat(43),
  production: false,
  schema: 'settled',
})
let next = task.from
await Promise.all(Array.from({ length: atOnce }, work))

async function work(): Promise<void> {
  for (;;) {
    const title = `${task.worker}-${next++}`
    for (;;) {
      try {
        const { id } = await invoke({
          operation: 'note.create',
          input: { title, ownerId: task.ownerId },
          idempotencyKey: title,
          as: { caller: { is: 'user', id: task.ownerId, roles: new Set() } },
          remoteAddress: '192.0.2.1',
          traceId: '',
        })
        // In one system call: a killed process leaves whole lines.
        writeSync(1, `${title} ${id}\n`)
        break
      } catch (error) {
        const { code } = error as { code?: string }
        if (code !== 'in_progress' && code !== 'unavailable') throw error
      }
    }
  }
}
