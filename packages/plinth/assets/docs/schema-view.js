/** Owns the drawing of schemas: a list of names, types and conditions that opens on demand. */

import { nameOf, resolve } from './document.js'
import { make, prose } from './dom.js'

const depthMax = 6

/** Draws a schema. A reference is drawn when it is opened, so that circles do no harm. */
export function schemaView(api, schema, depth = 0) {
  const seen = resolve(api, schema) ?? {}
  if (seen.properties) return propertyList(api, seen, depth)
  if (seen.items) return make('div', {}, 'A list of', nested(api, seen.items, depth))
  const choices = seen.anyOf ?? seen.allOf
  if (choices && depth < depthMax) {
    return make(
      'ul',
      {},
      choices.map((each) => make('li', {}, nested(api, each, depth + 1))),
    )
  }
  return make('p', {}, typeName(api, seen), conditions(seen))
}

function propertyList(api, schema, depth) {
  const required = new Set(schema.required ?? [])
  const rows = Object.entries(schema.properties).map(([name, property]) =>
    make(
      'li',
      {},
      make('code', { class: 'name' }, name),
      ' ',
      make('span', { class: 'type' }, typeName(api, property)),
      required.has(name) ? make('strong', {}, ' required') : undefined,
      property.readOnly ? make('em', {}, ' read only') : undefined,
      conditions(property),
      property.description ? make('p', {}, prose(property.description)) : undefined,
      opensFurther(api, property) ? nested(api, property, depth + 1) : undefined,
    ),
  )
  return make('ul', { class: 'properties' }, rows)
}

function nested(api, schema, depth) {
  if (!opensFurther(api, schema)) return schemaView(api, schema, depthMax)
  const details = make('details', {}, make('summary', {}, typeName(api, schema)))
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) {
      details.append(schemaView(api, schema, depth))
    }
  })
  return details
}

function opensFurther(api, schema) {
  const seen = resolve(api, schema) ?? {}
  if (seen.properties) return true
  if (seen.items) return opensFurther(api, seen.items)
  return (seen.anyOf ?? []).some((each) => opensFurther(api, each))
}

/** A word for a schema's type. */
export function typeName(api, schema) {
  if (!schema) return 'anything'
  if (schema.$ref) return nameOf(schema.$ref)
  if (schema.enum) return 'choice'
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.anyOf) return schema.anyOf.map((each) => typeName(api, each)).join(' or ')
  if (schema.type === 'array') return `list of ${typeName(api, schema.items)}`
  const types = [schema.type ?? 'anything'].flat().join(' or ')
  return schema.format ? `${types} (${schema.format})` : types
}

const shown = [
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'pattern',
  'default',
]

/** What a value must be beside its type. */
export function conditions(schema) {
  const listed = shown
    .filter((key) => schema[key] !== undefined)
    .map((key) => `${key} ${JSON.stringify(schema[key])}`)
  if (schema.enum) listed.unshift(schema.enum.map((each) => JSON.stringify(each)).join(', '))
  if (listed.length === 0) return undefined
  return make('span', { class: 'conditions' }, ` ${listed.join(' · ')}`)
}
