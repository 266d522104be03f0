/** Owns the REST door of the table: operations as their addresses. */

import { comparedOf, type Door, failed, part, type Question } from './door.ts'

/** HTTP by the addresses of REST; reads go as a body, which holds what the others are asked. */
export const rest: Door = {
  name: 'rest',
  async ask(world, question) {
    const { as, input, version, idempotencyKey } = question
    const { method, path, body } = requestOf(question)
    const answer = await world.request(method, path, {
      as,
      body: body ?? input,
      headers: {
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': `"${idempotencyKey}"` }),
      },
    })
    const text = (answer.text === '' ? {} : answer.json()) as Record<string, unknown>
    if (answer.status >= 400) return failed(text as never)
    const names = comparedOf(question)
    if (question.operation.endsWith('.list')) {
      return { data: (text.data as object[]).map((record) => part(record, names)) }
    }
    return { data: names.length === 0 ? null : part(text, names) }
  },
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

function requestOf({ operation, id, query }: Question): Sent {
  const [name = '', verb = ''] = operation.split('.')
  const fields = query ? `?fields=${query.fields.join()}` : ''
  switch (verb) {
    case 'list':
      return { method: 'QUERY', path: `/api/${name}s`, body: query ?? {} }
    case 'get':
      return { method: 'GET', path: `/api/${name}s/${id}${fields}` }
    case 'create':
      return { method: 'POST', path: `/api/${name}s` }
    case 'update':
      return { method: 'PATCH', path: `/api/${name}s/${id}` }
    case 'delete':
      return { method: 'DELETE', path: `/api/${name}s/${id}` }
    default:
      return { method: 'POST', path: `/api/${name}/${verb}` }
  }
}
