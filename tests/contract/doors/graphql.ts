/** Owns the GraphQL door of the table: operations as documents with variables. */

import { ask } from '../../graphql/library.ts'
import { comparedOf, type Door, failed, part, type Question } from './door.ts'

/** Documents at `/api/graphql`. */
export const graphql: Door = {
  name: 'graphql',
  async ask(world, question) {
    const { query, variables } = documentOf(question)
    const { data, errors } = await ask(world, query, { as: question.as, variables })
    const [error] = errors
    if (error) return failed(error.extensions as never)
    const names = comparedOf(question)
    const answered = Object.values(data ?? {})[0] as Record<string, unknown>
    if (question.operation.endsWith('.list')) {
      return { data: (answered.nodes as object[]).map((node) => part(plain(node), names)) }
    }
    const [, verb] = question.operation.split('.')
    const record = verb === 'create' || verb === 'update' ? answered.book : answered
    return { data: names.length === 0 ? null : part(plain(record ?? answered.loan), names) }
  },
}

/** `id` is the global one here: the plain one is asked for beside it. */
function plain(record: unknown): unknown {
  const { uuid, ...rest } = (record ?? {}) as Readonly<Record<string, unknown>>
  return uuid === undefined ? rest : { ...rest, id: uuid }
}

interface Document {
  readonly query: string
  readonly variables: object
}

function documentOf(question: Question): Document {
  const { operation, id, query = { fields: [] }, input, version, idempotencyKey } = question
  const [name = '', verb = ''] = operation.split('.')
  const type = name.charAt(0).toUpperCase() + name.slice(1)
  const names = comparedOf(question).map((field) => (field === 'id' ? 'uuid' : field))
  const fields = names.length === 0 ? '__typename' : names.join(' ')
  const { filter, sort, limit: first } = query
  if (verb === 'list') {
    return {
      query: `query ($filter: ${type}Filter, $sort: [${type}Sort!], $first: Int) {
        ${name}s(filter: $filter, sort: $sort, first: $first) { nodes { ${fields} } } }`,
      variables: {
        ...(filter ? { filter: conditions(filter) } : {}),
        ...(sort ? { sort: sort.map(sortKey) } : {}),
        ...(first === undefined ? {} : { first }),
      },
    }
  }
  if (verb === 'get') {
    return { query: `query ($id: ID!) { ${name}(id: $id) { ${fields} } }`, variables: { id } }
  }
  const verbName = verb.charAt(0).toUpperCase() + verb.slice(1)
  const full = `${type}${verbName}`
  const isWrite = verb === 'create' || verb === 'update'
  const typed = {
    ...(id === undefined ? {} : { id: 'ID!' }),
    ...(input === undefined ? {} : { input: `${full}Input!` }),
    ...(version === undefined ? {} : { version: 'Int' }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: 'String' }),
  }
  const declared = Object.entries(typed).map(([key, of]) => `$${key}: ${of}`)
  const given = Object.keys(typed).map((key) => `${key}: $${key}`)
  const selected = isWrite ? `${name} { ${fields} }` : fields
  return {
    query: `mutation (${declared.join(', ')}) { ${name}${verbName}(${given.join(', ')}) {
      ... on ${full}Payload { ${selected} } } }`,
    variables: { id, input, version, idempotencyKey },
  }
}

/** A bare value is `eq` here. */
function conditions(filter: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => {
      return [name, typeof value === 'object' && value !== null ? value : { eq: value }]
    }),
  )
}

function sortKey(word: string): object {
  const descending = word.startsWith('-')
  const names = (descending ? word.slice(1) : word).split('.')
  return names.reduceRight<unknown>(
    (below, name) => ({ [name]: below }),
    descending ? 'DESC' : 'ASC',
  ) as object
}
