/** Owns GraphQL as a door of attacks: a document for each call, made of its name. */

import { type Asked, type Door, parts, reads, type Told } from './door.ts'

/** Documents at `/api/graphql`. */
export const graphql: Door = {
  name: 'GraphQL',
  http: true,
  async ask(club, asked) {
    const { token, remoteAddress = club.address(), headers = {} } = asked
    const body = { query: documentOf(asked), variables: { id: asked.id, input: asked.input } }
    const sent = { body, token, remoteAddress, headers }
    return toldOf((await club.send('POST /api/graphql', sent)).text)
  },
}

/** The first failure, whether selected or not; else what the one field answered. */
export function toldOf(text: string): Told {
  const { data, errors, code } = JSON.parse(text) as {
    readonly data?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>
    readonly errors?: readonly { readonly extensions: { readonly code: string } }[]
    readonly code?: string
  }
  const [answered] = Object.values(data ?? {})
  const failed = code ?? errors?.[0]?.extensions.code ?? answered?.code
  const value = (answered?.result ?? answered?.payout ?? answered ?? {}) as Told['value']
  return { code: failed === undefined ? 'ok' : String(failed), value, text }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** The document of a call. */
export function documentOf({ operation, id, input }: Asked): string {
  const [kit, verb] = parts(operation)
  if (operation === 'audit.entries') return '{ auditEntries { __typename } }'
  if (verb === 'list') return `{ ${kit}s { nodes { id } } }`
  if (verb === 'get') return `query ($id: ID!) { ${kit}(id: $id) { id } }`
  const name = kit + capital(verb)
  const given = {
    ...(id === undefined ? {} : { id: 'ID!' }),
    ...(input === undefined ? {} : { input: `${capital(name)}Input!` }),
  }
  const places = (each: (key: string, type: string) => string): string => {
    const all = Object.entries(given).map(([key, type]) => each(key, type))
    return all.length === 0 ? '' : `(${all.join(', ')})`
  }
  const result = kit === 'identity' ? 'result' : `${kit} { uuid }`
  const type = `${reads.has(verb) ? 'query' : 'mutation'}${places((key, of) => `$${key}: ${of}`)}`
  return `${type} { ${name}${places((key) => `${key}: $${key}`)} {
    ... on ${capital(name)}Payload { ${result} } ... on CallFailure { code } } }`
}
