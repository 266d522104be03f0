/** Owns telling how far a long run has come: a bar on a terminal, plain lines elsewhere. */

import type { Clock } from '../../base/time.ts'

/** Where progress is told. */
export interface ProgressOutlet {
  /** Takes text for the standard error stream. */
  readonly write: (text: string) => void
  /** True for a terminal: one line is drawn over and over. */
  readonly terminal: boolean
  readonly clock: Clock
  /** Columns of the terminal. Default 80. */
  readonly columns?: number
}

/** How far a run has come. */
export interface ProgressState {
  /** How much of the total is done, in the unit of the total. */
  readonly done: number
  /** Rows so far. */
  readonly rows: number
}

/** Tells how far one stage of a run has come. */
export interface Progress {
  /** Says how far it is; draws only as often as is worth it. */
  update(state: ProgressState): void
  /** Ends the stage and leaves its last state standing. */
  end(state: ProgressState): void
}

const redrawMs = 100
const lineMs = 5_000

/** Begins a stage, such as `reading`; `total` is in any unit, such as bytes. */
export function startProgress(label: string, total: number, outlet: ProgressOutlet): Progress {
  const { write, terminal, clock } = outlet
  const columns = outlet.columns ?? 80
  const startMs = clock.now()
  let drawnMs = startMs
  const draw = (state: ProgressState, last: boolean): void => {
    const elapsedMs = clock.now() - startMs
    const text = progressText(
      { label, total, elapsedMs, last, columns: terminal ? columns : 0 },
      state,
    )
    write(
      terminal
        ? `\r${text.padEnd(columns - 1).slice(0, columns - 1)}${last ? '\n' : ''}`
        : `${text}\n`,
    )
  }
  return {
    update(state) {
      const now = clock.now()
      if (now - drawnMs < (terminal ? redrawMs : lineMs)) return
      drawnMs = now
      draw(state, false)
    },
    end(state) {
      draw(state, true)
    },
  }
}

interface Stage {
  readonly label: string
  readonly total: number
  readonly elapsedMs: number
  readonly last: boolean
  /** Room for a bar; 0 for none. */
  readonly columns: number
}

function progressText(stage: Stage, { done, rows }: ProgressState): string {
  const { label, total, elapsedMs, last, columns } = stage
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const rate = elapsedMs > 0 ? Math.round((rows * 1_000) / elapsedMs) : rows
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  const spent = last ? `in ${duration(elapsedMs)}` : left(share, elapsedMs)
  const numbers = `${percent}  ${grouped(rows)} rows  ${grouped(rate)} rows/s  ${spent}`
  const room = Math.min(30, columns - label.length - numbers.length - 6)
  if (room < 5) return `${label} ${numbers}`
  const filled = Math.round(share * room)
  return `${label} [${'#'.repeat(filled)}${'-'.repeat(room - filled)}] ${numbers}`
}

function left(share: number, elapsedMs: number): string {
  if (share === 0 || elapsedMs < 500) return ''
  return `${duration((elapsedMs * (1 - share)) / share)} left`
}

/** A time span for people: `0.8 s`, `12 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** A count for people: `12,345`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
