/** Owns one worker process as the supervisor sees it: starting, ready, draining, gone. */

import { type ChildProcess, fork } from 'node:child_process'
import { Failure } from '../../base/failure.ts'
import { monotonicMs } from '../../base/time.ts'
import type { BoundAddress, ListenAddress } from '../../http/server.ts'
import { type FailedReport, inheritedSocketDescriptor, type Order, readReport } from './protocol.ts'

/** What is run as a worker. */
export interface WorkerCommand {
  /** The module that calls `runWorker`. */
  readonly path: string
  readonly args?: readonly string[]
  /** Node's own options. Default: those of this process. */
  readonly execArgv?: readonly string[]
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** The listening socket that workers inherit; -1 where the platform cannot hand it on (Windows). */
export interface InheritedSocket {
  readonly fd: number
  readonly host: string
  readonly port: number
}

const errorLinesMax = 20
const errorLineCharactersMax = 2_000

/** A worker process. */
export class WorkerProcess {
  /** Resolves when it serves; rejects with Failure `unavailable` when it ends before. */
  readonly ready: Promise<BoundAddress>
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>
  readonly #child: ChildProcess
  readonly #errorLines: string[] = []
  #reported = ''
  #failed: FailedReport | undefined
  #ended = false

  constructor(command: WorkerCommand, socket: InheritedSocket) {
    const inherits = socket.fd >= 0
    this.#child = fork(command.path, [...(command.args ?? [])], {
      ...(command.execArgv === undefined ? {} : { execArgv: [...command.execArgv] }),
      ...(command.env === undefined ? {} : { env: { ...command.env } }),
      stdio: ['ignore', 'inherit', 'pipe', 'ipc', ...(inherits ? [socket.fd] : [])],
    })
    this.#keepErrorLines()
    this.gone = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#ended = true
        resolve()
      })
      this.#child.once('error', (cause) => {
        this.#reported = `the process could not be started: ${cause.message}`
        if (this.#child.pid === undefined) resolve()
      })
    })
    this.ready = this.#waitUntilReady()
    // Whoever waits hears of it; a worker that nobody waits for is no unhandled rejection.
    this.ready.catch(() => undefined)
    const address: ListenAddress = inherits ? { fd: inheritedSocketDescriptor } : socket
    this.#send({ type: 'listen', address })
  }

  get processId(): number | undefined {
    return this.#child.pid
  }

  /** What it said last on its error stream, for reports. */
  get lastWords(): string {
    return [this.#reported, ...this.#errorLines].filter((line) => line !== '').join('\n')
  }

  /** Lets it end by itself, and ends it after so many milliseconds. Resolves when it is gone. */
  async drain(timeoutMs: number): Promise<void> {
    this.#send({ type: 'drain' })
    const timer = setTimeout(() => this.kill(), timeoutMs)
    await this.gone
    clearTimeout(timer)
  }

  /**
   * Asks again and again whether it still takes turns, until it is gone. Calls `stuck` once where
   * it has not answered for so long: a loop without end serves nobody and never hears of draining.
   */
  watch(silentMsMax: number, stuck: () => void): void {
    let heardAtMs = monotonicMs()
    this.#child.on('message', (message) => {
      if (readReport(message)?.type === 'alive') heardAtMs = monotonicMs()
    })
    let askedAtMs = heardAtMs
    const timer = setInterval(() => {
      const nowMs = monotonicMs()
      // Time in which this process itself stood still (a laptop asleep) is not held against it.
      if (nowMs - askedAtMs > silentMsMax / 2) heardAtMs = nowMs
      askedAtMs = nowMs
      if (nowMs - heardAtMs < silentMsMax) return this.#send({ type: 'ask' })
      clearInterval(timer)
      stuck()
    }, silentMsMax / 10)
    timer.unref()
    void this.gone.then(() => clearInterval(timer))
  }

  /** Ends it now. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #waitUntilReady(): Promise<BoundAddress> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message) => {
        const report = readReport(message)
        if (report?.type === 'ready') resolve({ host: report.host, port: report.port })
        if (report?.type === 'failed') {
          this.#reported = report.message
          this.#failed = report
        }
      })
      void this.gone.then(() => reject(this.#whyNotReady()))
    })
  }

  #whyNotReady(): Failure {
    const { code, message: known, problems = [] } = this.#failed ?? {}
    if (code !== undefined && known !== undefined) {
      return new Failure(code, { detail: known, problems })
    }
    const detail = `The worker ended before it was ready. Its last words:\n${this.lastWords}`
    return new Failure('unavailable', { detail })
  }

  #send(order: Order): void {
    if (this.#ended || !this.#child.connected) return
    // A worker that dies at this moment is noticed by its exit.
    this.#child.send(order, () => undefined)
  }

  #keepErrorLines(): void {
    let rest = ''
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      const lines = (rest + text).split('\n')
      rest = (lines.pop() ?? '').slice(-errorLineCharactersMax)
      for (const line of lines) this.#errorLines.push(line.slice(0, errorLineCharactersMax))
      this.#errorLines.splice(0, Math.max(0, this.#errorLines.length - errorLinesMax))
    })
  }
}
