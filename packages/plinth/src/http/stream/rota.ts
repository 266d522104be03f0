/** Owns the rota of open streams: each has its turn once in a while, never all at once. */

import { limits } from '../../base/limits.ts'

const turnMs = 1_000
const turns = Math.ceil(limits.liveHeartbeatMs / turnMs)

/** Members of which a part has its turn every second, and each once in `liveHeartbeatMs`. */
export class Rota<T> {
  readonly #parts: readonly Set<T>[] = Array.from({ length: turns }, () => new Set<T>())
  readonly #work: (member: T) => void
  #timer: NodeJS.Timeout | undefined
  #next = 0
  #adding = 0
  #count = 0

  constructor(work: (member: T) => void) {
    this.#work = work
  }

  add(member: T): void {
    this.#adding = (this.#adding + 1) % turns
    this.#parts[this.#adding]?.add(member)
    this.#count += 1
    this.#timer ??= setInterval(() => this.#turn(), turnMs).unref()
  }

  remove(member: T): void {
    if (!this.#parts.some((part) => part.delete(member))) return
    this.#count -= 1
    if (this.#count > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #turn(): void {
    this.#next = (this.#next + 1) % turns
    for (const member of this.#parts[this.#next] ?? []) this.#work(member)
  }
}
