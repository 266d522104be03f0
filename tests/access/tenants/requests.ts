/** Owns the requests of the crossing matrix, generated from the catalog: every way to a record. */

import type { Catalog, Model } from '../../../packages/plinth/src/catalog/catalog.ts'

/** A request. Ids are words in braces, such as `{rival.project}`. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const asked = ['project', 'task', 'tag', 'note', 'user', 'organisation', 'membership']

/** Values that records of the rival have, by field. */
const values: Readonly<Record<string, readonly unknown[]>> = {
  name: ['one', 'two RIVAL'],
  rank: [99, 2],
  title: ['first RIVAL', 'second'],
  label: ['red'],
  text: ['of rival. RIVAL'],
}

const modelsOf = (catalog: Catalog): readonly Model[] =>
  asked.flatMap((name) => catalog.models.get(name) ?? [])

/** Every read: fields, relations, ways to filter, orders, counts, pages, records by id and key. */
export function reads(catalog: Catalog): readonly Asked[] {
  return modelsOf(catalog).flatMap((model) => {
    const query = (body: object): Asked => {
      return { method: 'POST', path: `/api/${model.plural}/query`, body }
    }
    const every = [
      ...[{}, { count: 'exact' }, { count: 'estimated' }, { limit: 1, count: 'exact' }],
      ...includes(catalog, model).map((include) => ({ include, count: 'exact' })),
      ...filters(catalog, model, 2).flatMap((filter) => [
        { filter, count: 'exact' },
        { filter: { not: filter }, count: 'exact' },
      ]),
      ...orders(catalog, model).map((sort) => ({ sort: [sort], limit: 3 })),
    ]
    return [...every.map(query), ...single(model)]
  })
}

function single(model: Model): readonly Asked[] {
  const ids = ['', 'rival.'].flatMap((whose) =>
    ['project', 'more', 'task', 'child', 'tag', 'hidden', 'organisation'].map(
      (name) => `{${whose}${name}}`,
    ),
  )
  const keys = model.key.length === 1 ? (values[model.key[0] ?? ''] ?? []) : []
  return [
    ...ids.map((id) => ({ method: 'GET', path: `/api/${model.plural}/${id}` })),
    ...keys.map((key) => {
      const path = `/api/${model.plural}/by/${model.key[0]}/${encodeURIComponent(String(key))}`
      return { method: 'GET', path }
    }),
  ]
}

function includes(catalog: Catalog, model: Model): readonly object[] {
  return [...model.relations.values()].flatMap(({ name, target }) => {
    const inner = [...(catalog.models.get(target)?.relations.keys() ?? [])]
    return [
      { [name]: true },
      ...inner.map((next) => ({ [name]: { include: { [next]: true } } })),
      ...inner.map((next) => ({ [name]: { include: { [next]: { include: {} } } } })),
    ]
  })
}

function filters(catalog: Catalog, model: Model, depth: number): readonly object[] {
  const own = [...model.fields.values()].flatMap(({ name, kind, role }) => {
    const known = values[name] ?? []
    const ids = role === 'reference' || role === 'tenant' || role === 'id'
    const targets = ['{rival.project}', '{rival.task}', '{rival.tag}', '{rival.organisation}']
    const given = ids ? targets : known
    return [
      ...given.map((value) => ({ [name]: value })),
      ...(given.length > 0 ? [{ [name]: { in: given } }, { [name]: { ne: given[0] } }] : []),
      ...(kind.family === 'text' && known.length > 0 ? [{ [name]: { contains: 'RIVAL' } }] : []),
      ...(kind.family === 'number' && known.length > 0 ? [{ [name]: { gt: 50 } }] : []),
    ]
  })
  if (depth === 0) return own
  const related = [...model.relations.values()].flatMap(({ name, target, many }) => {
    const inner = catalog.models.get(target)
    if (!inner || !asked.includes(target)) return []
    const below = filters(catalog, inner, depth - 1)
    const few = depth === 1 ? below.slice(0, 3) : below
    if (!many) return few.map((filter) => ({ [name]: filter }))
    return few.flatMap((filter) =>
      ['some', 'every', 'none'].map((how) => ({ [name]: { [how]: filter } })),
    )
  })
  return [...own, ...related]
}

function orders(catalog: Catalog, model: Model): readonly string[] {
  const own = [...model.fields.values()].filter(({ kind }) => kind.sortable).map(({ name }) => name)
  const related = [...model.relations.values()].flatMap(({ name, target, many }) => {
    const inner = many ? [] : [...(catalog.models.get(target)?.fields.values() ?? [])]
    return inner.filter(({ kind }) => kind.sortable).map((field) => `${name}.${field.name}`)
  })
  return [...own, ...related].flatMap((name) => [name, `-${name}`])
}

const foreign = {
  projectId: ['{rival.project}'],
  parentId: ['{rival.task}'],
  tagIds: [['{rival.tag}'], ['{tag}', '{rival.tag}']],
  projectIds: [['{rival.project}'], ['{project}', '{rival.project}']],
  organisationId: ['{rival.organisation}', '{organisation}'],
  noteIds: [['{rival.hidden}']],
}

const made: Readonly<Record<string, object>> = {
  project: { name: 'new {at}', rank: 1 },
  task: { title: 'new {at}' },
  tag: { label: 'new {at}' },
  note: { text: 'new {at}' },
}

/** Every write with something of the rival in it: its ids, its unique values, its keys. */
export function writes(catalog: Catalog): readonly Asked[] {
  const all = ['project', 'task', 'tag', 'note'].flatMap((name) => {
    const model = catalog.models.get(name) as Model
    const fits = ([field]: [string, unknown]): boolean =>
      model.fields.has(field) ||
      [...model.relations.values()].some(({ inputName }) => inputName === field)
    const references = Object.entries(foreign).filter(fits) as [string, readonly unknown[]][]
    const probes = Object.entries(values).filter(fits) as [string, readonly unknown[]][]
    const inputs = [...references, ...probes].flatMap(([field, given]) =>
      given.map((value) => ({ [field]: value })),
    )
    return inputs.flatMap((input) => writesOf(model, input))
  })
  // Each under names of its own: what one has made is in the way of none.
  return all.map((one, at) => JSON.parse(JSON.stringify(one).replaceAll('{at}', `${at}`)) as Asked)
}

function writesOf(model: Model, input: object): readonly Asked[] {
  const { name, plural } = model
  const whole = { ...made[name], ...input }
  const own = `{${name === 'note' ? 'note' : name}}`
  const theirs = `{rival.${name === 'note' ? 'hidden' : name}}`
  const batch = (operation: string, rest: object): Asked => {
    const body = { operations: [{ operation: `${name}.${operation}`, ...rest }] }
    return { method: 'POST', path: '/api/batch', body }
  }
  return [
    { method: 'POST', path: `/api/${plural}`, body: whole },
    { method: 'PATCH', path: `/api/${plural}/${own}`, body: input },
    { method: 'PATCH', path: `/api/${plural}/${theirs}`, body: input },
    { method: 'PATCH', path: `/api/${plural}/${theirs}`, body: made[name] },
    batch('create', { input: whole }),
    batch('update', { id: theirs, input }),
    batch('update', { id: own, input }),
    batch('upsert', { input: whole }),
    batch('delete', { id: theirs }),
    { method: 'DELETE', path: `/api/${plural}/${theirs}` },
    {
      ...{ method: 'POST', path: `/api/${plural}`, body: whole },
      headers: { 'idempotency-key': `${name}-${JSON.stringify(input).length}` },
    },
  ]
}

/** The history of what the rival has, for whoever asks. */
export const histories: readonly Asked[] = [
  ...['', '?model=project', '?model=task', '?limit=100'].map((query) => query),
  ...['project', 'task'].flatMap((model) => [
    `?model=${model}&record={rival.${model}}`,
    `?record={rival.${model}}`,
    `?model=${model}&record={${model}}`,
  ]),
].map((query) => ({ method: 'GET', path: `/api/audit/entries${query}` }))
