/** Owns the requests of the crossing matrix as GraphQL: the same reads and writes, as documents. */

import { present } from '../../../../packages/plinth/src/base/assert.ts'
import type { Catalog, Model } from '../../../../packages/plinth/src/catalog/catalog.ts'
import type { Query } from '../../evaluator.ts'
import { documentOf } from '../../random/documents.ts'
import { type Asked, reads, writes } from '../requests.ts'

interface Operation {
  readonly operation: string
  readonly id?: string
  readonly input?: object
}

function asked(query: string, variables: object = {}): Asked {
  return { method: 'POST', path: '/api/graphql', body: { query, variables } }
}

const fieldsOf = ({ fields }: Model): readonly string[] =>
  [...fields.values()].filter(({ role }) => role !== 'deletedAt').map(({ name }) => name)

/** Every read of the matrix by GraphQL: lists with all their fields, and records by their ids. */
export function graphqlReads(catalog: Catalog): readonly Asked[] {
  const models = new Map([...catalog.models.values()].map((model) => [model.plural, model]))
  return reads(catalog).flatMap(({ method, path, body }) => {
    const [, , plural = '', id = '', ...more] = path.split('/')
    const model = present(models.get(plural), plural)
    if (method === 'POST') {
      const fields = fieldsOf(model).filter((name) => name !== 'id')
      const { query, variables } = documentOf(catalog, model, { fields, ...(body as Query) })
      return [asked(query, variables)]
    }
    if (more.length > 0) return []
    return [asked(`{ ${model.name}(id: "${id}") { ${fieldsOf(model).join(' ')} } }`)]
  })
}

/** Every write of the matrix by GraphQL. */
export function graphqlWrites(catalog: Catalog): readonly Asked[] {
  return writes(catalog).flatMap(({ path, body }) => {
    const { operations } = (body ?? {}) as { readonly operations?: readonly Operation[] }
    if (path !== '/api/batch' || !operations) return []
    return operations.map((one) => mutationOf(catalog, one))
  })
}

/** `update` as it stands in the names of types. */
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

function mutationOf(catalog: Catalog, { operation, id, input }: Operation): Asked {
  const [name = '', verb = ''] = operation.split('.')
  const model = present(catalog.models.get(name), name)
  const type = `${capital(name)}${verb === 'update' ? 'Update' : 'Create'}Input!`
  const given = [...(id ? [`id: "${id}"`] : []), ...(input ? ['input: $input'] : [])].join(', ')
  const told = verb === 'delete' ? 'id' : `${name} { ${fieldsOf(model).join(' ')} }`
  const result = `... on ${capital(name)}${capital(verb)}Payload { ${told} }`
  const failed = '... on CallFailure { code detail errors { pointer code } }'
  const head = input ? `mutation ($input: ${type})` : 'mutation'
  return asked(`${head} { ${name}${capital(verb)}(${given}) { ${result} ${failed} } }`, { input })
}
