/** Owns what a door is to attacks on identity: one call by its name, one form of outcome. */

import type { Club } from '../stage.ts'

/** A call as an attacker makes it. */
export interface Asked {
  /** `identity.signIn`, `user.update`, `payout.list`. */
  readonly operation: string
  readonly id?: string
  readonly input?: object
  /** A bearer token. */
  readonly token?: string | undefined
  /** Default: another network with each call. */
  readonly remoteAddress?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What came of it. */
export interface Told {
  /** `ok`, or the code of the failure. */
  readonly code: string
  readonly value: Readonly<Record<string, unknown>>
  /** All that was told, as text. */
  readonly text: string
}

/** A door. */
export interface Door {
  readonly name: string
  /** Headers mean something: it is a door of HTTP. */
  readonly http: boolean
  ask(club: Club, asked: Asked): Promise<Told>
}

/** The two parts of an operation's name. */
export function parts(operation: string): readonly [kit: string, verb: string] {
  const [kit = '', verb = ''] = operation.split('.')
  return [kit, verb]
}

/** What only reads, of what attacks ask for. */
export const reads: ReadonlySet<string> = new Set(['me', 'entries', 'list', 'get'])

const verbs: Readonly<Record<string, string>> = {
  ...{ list: 'GET', get: 'GET', create: 'POST', update: 'PATCH', delete: 'DELETE' },
}

/** The line of a request: `PATCH /api/users/<id>`. */
export function lineOf({ operation, id }: Asked): string {
  const [kit, verb] = parts(operation)
  if (kit === 'identity' || kit === 'audit') {
    const path = verb.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    return `${reads.has(verb) ? 'GET' : 'POST'} /api/${kit}/${path}`
  }
  return `${verbs[verb]} /api/${kit}s${id === undefined ? '' : `/${id}`}`
}

/** Calls of REST. */
export const rest: Door = {
  name: 'REST',
  http: true,
  async ask(club, asked) {
    const { input, token, remoteAddress, headers } = asked
    const { status, text, body } = await club.send(lineOf(asked), {
      ...{ token, remoteAddress: remoteAddress ?? club.address() },
      ...(headers === undefined ? {} : { headers }),
      ...(input === undefined || reads.has(parts(asked.operation)[1]) ? {} : { body: input }),
    })
    return { code: status < 400 ? 'ok' : String(body.code), value: body, text }
  },
}

/** Calls of the engine itself, as code within the process makes them. */
export const direct: Door = {
  name: 'a direct call',
  http: false,
  async ask(club, { operation, id, input = {}, token, remoteAddress }) {
    const line = id === undefined ? operation : `${operation} ${id}`
    const { code, text } = await club.call(line, input, { token, remoteAddress })
    const value = text.startsWith('{') ? (JSON.parse(text) as Told['value']) : {}
    return { code, value, text }
  },
}
