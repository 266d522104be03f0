/** Owns failpoints: named places at which a test lets a process die, freeze, fail or be slow. */

import { Failure } from './failure.ts'
import { sleep } from './time.ts'

interface Place {
  /** Its number among the crash points of the reliability plan. */
  readonly crashPoint: string
  readonly doc: string
  /** True where a reply is under way that can be lost. */
  readonly replies: boolean
}

function place(crashPoint: string, doc: string, replies = false): Place {
  return Object.freeze({ crashPoint, doc, replies })
}

/** Every failpoint by its name. */
export const failpoints = Object.freeze({
  'request.read': place('CP01', 'the request is read, nobody is known yet'),
  'request.identified': place('CP02', 'the caller is known, nothing has run'),
  'transaction.begun': place('CP03', 'the transaction has begun'),
  'key.claimed': place('CP04', 'the idempotency key is claimed'),
  'row.written': place('CP05', 'one of several rows is written'),
  'rows.written': place('CP06', 'all rows are written, events and jobs are not'),
  'commit.sending': place('CP07', 'all is written, COMMIT is not sent'),
  'commit.sent': place('CP08', 'COMMIT is sent, its reply unread', true),
  'commit.acknowledged': place('CP09', 'committed, the response not begun'),
  'reply.half': place('CP10', 'half of the response is sent', true),
  'lease.taken': place('CP11', 'a job is claimed, its handler has not begun'),
  'effect.sent': place('CP12', 'an effect outside is asked for, no reply yet', true),
  'effect.answered': place('CP13', 'the effect is answered, nothing recorded'),
  'effect.recorded': place('CP14', 'the effect is recorded, the job not finished'),
  'lease.lost': place('CP15', 'the handler is done, its job is about to be marked so'),
  'step.starting': place('CP16', 'a step of a workflow begins'),
  'step.done': place('CP17', 'a step has run, its checkpoint is not written'),
  'step.recorded': place('CP18', 'the checkpoint of a step is committed'),
  'timer.due': place('CP19', 'a timer of a workflow is due'),
  'signal.arrived': place('CP20', 'a signal is about to wake a workflow'),
  'compensation.half': place('CP21', 'some of the compensations have run'),
})

/** The name of a failpoint. */
export type Failpoint = keyof typeof failpoints

/** Every planted bug by its name: each takes one safeguard away. */
export const sabotages = Object.freeze({
  'fsync-off': 'the embedded PostgreSQL does not wait for the disk at all',
  'asynchronous-commit': 'PostgreSQL answers COMMIT before the log is on the disk',
  'effect-before-commit': 'an effect outside is done inside the transaction of its cause',
  'event-after-commit': 'events and jobs are stored after the commit of their cause',
  'lease-without-fence': 'a worker that has lost its job may still finish it',
  'two-step-take': 'a limit is read, judged, then written',
  'key-without-body': 'an idempotency key answers whatever the body is',
})

/** The name of a planted bug. */
export type Sabotage = keyof typeof sabotages

/** What happens at a failpoint. */
export type Deed =
  | { readonly kind: 'kill' | 'throw' | 'dropReply' }
  | { readonly kind: 'stop' | 'delay'; readonly forMs: number }

/** One failpoint that is set. */
export interface SetFailpoint {
  /** As it was written: `commit.sent@17=kill`. */
  readonly text: string
  readonly name: Failpoint
  /** At which passage, from 1; undefined: at each. */
  readonly hit: number | undefined
  readonly deed: Deed
}

/** What only the process itself can do. */
export interface Executioner {
  /** Ends this process in the next instruction. */
  kill(): void
  /** Freezes this process and lets it go on after so many milliseconds. */
  stop(forMs: number): void
  /**
   * Notes that a failpoint fires. False where it has fired in another process: a point with a hit
   * fires once in all, or each next process would die at the same place.
   */
  claim(point: SetFailpoint): boolean
}

const form = /^([a-z.]+)(?:@([1-9]\d{0,8}|\*))?=(kill|throw|dropReply|(?:stop|delay):(\d+)(ms|s))$/

/**
 * Reads failpoints: `commit.sent@17=kill;lease.taken@3=stop:30s;step.done@2=throw`. Without `@` the
 * first passage counts, `@*` means each. Kinds: kill, throw, dropReply, stop:<time>, delay:<time>.
 * Fails with `configuration_invalid`.
 */
export function parseFailpoints(text: string): readonly SetFailpoint[] {
  const parts = text.split(';').map((part) => part.trim())
  return parts.filter((part) => part !== '').map(parseFailpoint)
}

function parseFailpoint(text: string): SetFailpoint {
  const [whole, name = '', hit = '1', deed = '', amount, unit] = form.exec(text) ?? []
  if (whole === undefined) throw wrong(`"${text}" is not of the form commit.sent@17=kill.`)
  if (!isFailpoint(name)) {
    throw wrong(`There is no failpoint "${name}": ${Object.keys(failpoints).join(', ')}.`)
  }
  if (deed === 'dropReply' && !failpoints[name].replies) {
    throw wrong(`At ${name} no reply is under way that could be dropped.`)
  }
  const forMs = Number(amount) * (unit === 's' ? 1_000 : 1)
  const kind = (amount === undefined ? deed : deed.split(':')[0]) as Deed['kind']
  return { text, name, hit: hit === '*' ? undefined : Number(hit), deed: { kind, forMs } as Deed }
}

/** Reads names of planted bugs, separated by commas. Fails with `configuration_invalid`. */
export function parseSabotages(text: string): readonly Sabotage[] {
  const names = text.split(',').map((name) => name.trim())
  return names
    .filter((name) => name !== '')
    .map((name) => {
      if (Object.hasOwn(sabotages, name)) return name as Sabotage
      throw wrong(`There is no sabotage "${name}": ${Object.keys(sabotages).join(', ')}.`)
    })
}

function isFailpoint(name: string): name is Failpoint {
  return Object.hasOwn(failpoints, name)
}

function wrong(detail: string): Failure {
  return new Failure('configuration_invalid', { detail })
}

interface Armed {
  readonly points: ReadonlyMap<Failpoint, readonly CountedPoint[]>
  readonly executioner: Executioner
}

interface CountedPoint {
  readonly point: SetFailpoint
  hits: number
}

let armed: Armed | undefined
let planted: ReadonlySet<Sabotage> = new Set()

/** Sets the failpoints of this process in place of those set before; counting starts anew. */
export function armFailpoints(points: readonly SetFailpoint[], executioner: Executioner): void {
  const byName = Map.groupBy(
    points.map((point): CountedPoint => ({ point, hits: 0 })),
    ({ point }) => point.name,
  )
  armed = byName.size === 0 ? undefined : { points: byName, executioner }
}

/** Plants bugs in this process in place of those planted before. */
export function plantSabotages(names: readonly Sabotage[]): void {
  planted = new Set(names)
}

/** True where a test has planted this bug. */
export function isSabotaged(name: Sabotage): boolean {
  return planted.has(name)
}

/** True where a failpoint is set: for places that must be walked in another way to be hit. */
export function isArmed(name: Failpoint): boolean {
  return armed?.points.has(name) === true
}

/**
 * Passes a failpoint: costs one comparison where none is set. Await what comes back, and hand in
 * how the reply is lost where one is under way.
 *
 * @example await reach('commit.sent', () => wire.destroy('the reply is dropped'))
 */
export function reach(name: Failpoint, drop?: () => void): Promise<void> | undefined {
  const counted = armed?.points.get(name)
  return counted === undefined ? undefined : pass(counted, drop)
}

async function pass(counted: readonly CountedPoint[], drop?: () => void): Promise<void> {
  for (const entry of counted) {
    entry.hits += 1
    if (isDue(entry)) await act(entry.point, drop)
  }
}

function isDue({ point, hits }: CountedPoint): boolean {
  if (point.hit !== undefined && point.hit !== hits) return false
  return armed?.executioner.claim(point) === true
}

async function act({ deed, name }: SetFailpoint, drop?: () => void): Promise<void> {
  if (deed.kind === 'kill') armed?.executioner.kill()
  if (deed.kind === 'stop') armed?.executioner.stop(deed.forMs)
  if (deed.kind === 'delay') await sleep(deed.forMs)
  if (deed.kind === 'dropReply') drop?.()
  if (deed.kind === 'throw') throw new Error(`The failpoint ${name} threw.`)
}

/** How long a call to the world takes until it is surely on its way. */
const departureMs = 3

/**
 * Passes `effect.sent` while a call to the world is under way: it has left, and nobody has read its
 * answer. Where the failpoint is not set, the call comes back as it is.
 *
 * @example const outcome = await onItsWay(send(mail))
 */
export function onItsWay<T>(call: Promise<T>): Promise<T> {
  return isArmed('effect.sent') ? passOnItsWay(call) : call
}

async function passOnItsWay<T>(call: Promise<T>): Promise<T> {
  // Its failure is told below.
  call.catch(() => undefined)
  await sleep(departureMs)
  let isDropped = false
  await reach('effect.sent', () => {
    isDropped = true
  })
  const answer = await call
  if (isDropped) throw new Error('The answer of the effect was dropped.')
  return answer
}
