/** Owns the reading of what clients say by the protocol `graphql-transport-ws`. */

import { Failure } from '../../base/failure.ts'
import { type ParsedJson, parseJson } from '../../base/json.ts'
import { type Asking, asked, isMembers, type Members } from '../request/read-request.ts'

/** What a client can say. */
export type ClientMessage =
  /** `token`: whom it comes as, in place of what the handshake said. */
  | { readonly type: 'connection_init'; readonly token: string | undefined }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  | { readonly type: 'complete'; readonly id: string }
  | { readonly type: 'subscribe'; readonly id: string; readonly asking: Asking }

const idCharactersMax = 128
const tokenCharactersMax = 4_096
const bearer = /^bearer +(\S+)$/i

/** Reads a message. Fails with `malformed_body`, in a sentence for whoever writes a client. */
export function readMessage(text: string): ClientMessage {
  const message = parseJson(text)
  if (!isMembers(message)) throw malformed('A message is an object.')
  const { type } = message
  switch (type) {
    case 'connection_init':
      return { type, token: tokenOf(message.payload) }
    case 'ping':
    case 'pong':
      return { type }
    case 'complete':
      return { type, id: idOf(message) }
    case 'subscribe':
      return { type, id: idOf(message), asking: askingOf(message.payload) }
    default:
      throw malformed('This is no message of graphql-transport-ws.')
  }
}

function malformed(detail: string): Failure {
  return new Failure('malformed_body', { detail })
}

function idOf({ id }: Members): string {
  if (typeof id === 'string' && id !== '' && id.length <= idCharactersMax) return id
  throw malformed(`"id" is a text of 1 to ${idCharactersMax} characters.`)
}

/** A token, or what would stand in the header Authorization: both are widespread. */
function tokenOf(payload: ParsedJson | undefined): string | undefined {
  if (payload === undefined || payload === null) return undefined
  if (!isMembers(payload)) throw malformed('The payload of connection_init is an object.')
  const { token } = payload
  const authorization = payload.Authorization ?? payload.authorization
  if (token !== undefined && token !== null) return soundToken(token)
  if (authorization === undefined || authorization === null) return undefined
  const found = typeof authorization === 'string' ? bearer.exec(authorization)?.[1] : undefined
  if (found === undefined) throw malformed('"Authorization" is "Bearer <token>".')
  return soundToken(found)
}

function soundToken(token: ParsedJson): string {
  const sound = typeof token === 'string' && token !== '' && token.length <= tokenCharactersMax
  if (sound) return token
  throw malformed('"token" is the text of a token.')
}

function askingOf(payload: ParsedJson | undefined): Asking {
  if (!isMembers(payload)) throw malformed('The payload of subscribe is an object with "query".')
  return { ...asked(payload, malformed), readOnly: false }
}
