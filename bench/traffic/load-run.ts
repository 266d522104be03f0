/** Owns what a run of load is given and what it counts, whoever makes it. */

import type { Request } from './scenarios.ts'

/** One run. */
export interface LoadRun {
  readonly url: string
  readonly requests: readonly Request[]
  readonly seconds: number
  readonly connections: number
  /** Makes what is created by this run different from what others create. */
  readonly label: string
}

/** Figures as every loader counts them. */
export interface LoadFigures {
  readonly requests: number
  readonly durationUs: number
  readonly p50Us: number
  readonly p99Us: number
  /** Answers that are neither 2xx nor 3xx. */
  readonly failed: number
  /** Requests without an answer. */
  readonly broken: number
}
