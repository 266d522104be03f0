/** Owns the explorer of the schema: types and fields, each behind a link of its own. */

import { fill, make, prose } from './dom.js'
import { getNamedType, isEnumType, isUnionType } from './library/index.mjs'

/** Draws the schema in a place, and what is chosen in it. */
export function drawSchema(place, schema) {
  const trail = []
  const go = (name) => {
    trail.push(name)
    draw()
  }
  const back = () => {
    trail.pop()
    draw()
  }
  const draw = () => {
    const type = schema.getType(trail.at(-1) ?? '')
    const content = type ? typeView(type, go) : start(schema, go)
    const button = make('button', { type: 'button', class: 'quiet', click: back }, '‹ Back')
    fill(place, type ? make('p', {}, button) : undefined, content)
  }
  draw()
}

function start(schema, go) {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  const found = make('ul', { 'aria-label': 'Found' })
  const search = make('input', {
    ...{ type: 'search', 'aria-label': 'Find a type or a field', placeholder: 'Find' },
    input: () => fill(found, matches(schema, search.value.trim().toLowerCase(), go)),
  })
  return [
    make('p', {}, search),
    found,
    make('h3', {}, 'Begin at'),
    make(
      'ul',
      {},
      roots.filter(Boolean).map((type) => make('li', {}, link(type, go))),
    ),
  ]
}

const foundMax = 40

function matches(schema, words, go) {
  if (words === '') return []
  const found = []
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    if (type.name.toLowerCase().includes(words)) found.push(make('li', {}, link(type, go)))
    const fields = 'getFields' in type ? Object.values(type.getFields()) : []
    for (const { name } of fields) {
      if (!name.toLowerCase().includes(words)) continue
      found.push(make('li', {}, link(type, go), make('span', {}, `.${name}`)))
    }
    if (found.length > foundMax) break
  }
  return found.slice(0, foundMax)
}

function typeView(type, go) {
  return [
    make('h3', {}, type.name),
    type.description ? make('p', {}, prose(type.description)) : undefined,
    members(type, go),
  ]
}

function members(type, go) {
  if (isEnumType(type)) {
    return list(type.getValues(), ({ name }) => make('code', {}, name))
  }
  if (isUnionType(type)) return list(type.getTypes(), (each) => link(each, go))
  if (!('getFields' in type)) return undefined
  return list(Object.values(type.getFields()), (field) => fieldView(field, go))
}

function list(items, draw) {
  const entry = (each) =>
    make(
      'li',
      {},
      draw(each),
      each.description ? make('p', {}, prose(each.description)) : undefined,
    )
  return make('ul', {}, items.map(entry))
}

function fieldView({ name, type, args }, go) {
  const given = (args ?? []).flatMap((each, index) => [
    index === 0 ? '' : ', ',
    make('span', {}, `${each.name}: `),
    link(each.type, go),
  ])
  return make(
    'span',
    {},
    make('code', {}, name),
    given.length > 0 ? ['(', ...given, ')'] : [],
    ': ',
    link(type, go),
  )
}

function link(type, go) {
  const { name } = getNamedType(type)
  return make('button', { type: 'button', class: 'link', click: () => go(name) }, String(type))
}
