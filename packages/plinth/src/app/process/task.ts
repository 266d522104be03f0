/** Owns what the supervisor's process gives its worker to do. */

/** What a worker is started for; travels as JSON in its arguments. */
export interface WorkerTask {
  readonly command: 'dev' | 'start'
  /** Absolute. */
  readonly appFile: string
  /** True: a person agreed to losing what the next schema change loses. */
  readonly acceptLoss: boolean
  /** True: the log is for people. */
  readonly plain: boolean
}
