/** Owns what can stand at a place of a document: by the schema, in text that is not whole yet. */

import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
} from './library/index.mjs'

const tokenForm =
  /#[^\n]*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|[A-Za-z_]\w*|\.\.\.|-?\d[\d.eE+-]*|[{}()[\]:=!$@|&]/g
const nameForm = /^[A-Za-z_]/

/**
 * What can stand at a place, and which letters of it stand there already.
 * Returns `{ prefix, options: [{ text, detail }] }`.
 */
export function completionsAt(schema, text, at) {
  const [prefix] = /[A-Za-z_]?\w*$/.exec(text.slice(0, at)) ?? ['']
  const before = text.slice(0, at - prefix.length)
  // Inside of a comment or of a text nothing is offered.
  const line = before.slice(before.lastIndexOf('\n') + 1)
  if (line.includes('#') || (line.match(/(?<!\\)"/g) ?? []).length % 2 === 1) {
    return { prefix, options: [] }
  }
  const place = placeAfter(schema, before.match(tokenForm) ?? [])
  const wanted = prefix.toLowerCase()
  const options = optionsIn(schema, place, text).filter((option) =>
    option.text.toLowerCase().startsWith(wanted),
  )
  return { prefix, options: options.filter((option) => option.text !== prefix).slice(0, 60) }
}

/** Where a document stands after some of its tokens. */
function placeAfter(schema, tokens) {
  const stack = [{ in: 'document', type: schema.getQueryType() }]
  const place = { stack, last: '', secondLast: '' }
  for (const token of tokens) {
    if (token.startsWith('#')) continue
    step(schema, place, token)
    place.secondLast = place.last
    place.last = token
  }
  return { top: stack.at(-1), last: place.last, secondLast: place.secondLast }
}

function step(schema, place, token) {
  const { stack } = place
  const top = stack.at(-1)
  if (token === '{') stack.push(opened(top))
  else if (token === '(') stack.push(parenthesis(top))
  else if (token === '[') {
    stack.push({ in: 'list', value: isListType(top.value) ? itemOf(top.value) : top.value })
  } else if (/^[)}\]]$/.test(token)) {
    if (stack.length > 1) stack.pop()
    // What follows a selection in a document is another operation.
    if (stack.length === 1) stack[0].type = schema.getQueryType()
  } else if (nameForm.test(token)) named(schema, top, token, place)
}

function opened(top) {
  if (top.in === 'document') return { in: 'selection', type: top.type }
  if (top.in === 'selection') return { in: 'selection', type: top.next ?? top.type }
  const object = top.value === undefined ? undefined : getNamedType(top.value)
  return { in: 'input', args: isInputObjectType(object) ? object.getFields() : {} }
}

function parenthesis(top) {
  if (top.in === 'document') return { in: 'variables' }
  return { in: 'input', args: top.field ? byName(top.field.args) : {} }
}

function byName(args) {
  return Object.fromEntries(args.map((each) => [each.name, each]))
}

function itemOf(type) {
  return getNullableType(getNullableType(type).ofType)
}

/** A name: a keyword, a field, an argument or a type, by where it stands. */
function named(schema, top, name, { last, secondLast }) {
  if (top.in === 'document') {
    const roots = {
      query: schema.getQueryType(),
      mutation: schema.getMutationType(),
      subscription: schema.getSubscriptionType(),
    }
    if (name in roots) top.type = roots[name]
    else if (last === 'on') top.type = schema.getType(name)
  } else if (top.in === 'selection') {
    if (last === 'on' && secondLast === '...') top.next = schema.getType(name)
    else if (last === '@' || last === '...') return
    else {
      top.field = fieldsOf(top.type)[name]
      top.next = top.field && getNamedType(top.field.type)
    }
  } else if (top.in === 'input' && last !== ':' && last !== '$') {
    top.value = top.args[name] && getNullableType(top.args[name].type)
  }
}

function fieldsOf(type) {
  return isCompositeType(type) && 'getFields' in type ? type.getFields() : {}
}

function optionsIn(schema, { top, last, secondLast }, text) {
  if (last === '@') return schema.getDirectives().map((each) => option(each.name, each.description))
  if (last === '$' && top.in !== 'variables') return variablesOf(text)
  switch (top.in) {
    case 'document':
      return ['query', 'mutation', 'subscription', 'fragment'].map((word) => option(word, ''))
    case 'selection':
      return selections(schema, top.type, last, secondLast)
    case 'variables':
      return last === ':' || last === '[' ? inputTypes(schema) : []
    case 'list':
      return values(top.value)
    default:
      return last === ':' ? values(top.value) : Object.values(top.args).map(argument)
  }
}

function selections(schema, type, last, secondLast) {
  if (last === '...') return [option('on', 'a type that the fields behind it belong to')]
  if (last === 'on' && secondLast === '...') {
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : type ? [type] : []
    return possible.map((each) => option(each.name, each.description))
  }
  const fields = Object.values(fieldsOf(type)).map((each) => option(each.name, String(each.type)))
  return type ? [...fields, option('__typename', 'String!')] : fields
}

function argument({ name, type }) {
  return { text: name, insert: `${name}: `, detail: String(type) }
}

function values(type) {
  const known = type === undefined ? undefined : getNamedType(type)
  if (isEnumType(known)) return known.getValues().map((each) => option(each.name, each.description))
  return known?.name === 'Boolean' ? [option('true', ''), option('false', '')] : []
}

function inputTypes(schema) {
  const types = Object.values(schema.getTypeMap()).filter(isInputType)
  return types.filter(({ name }) => !name.startsWith('__')).map(({ name }) => option(name, ''))
}

function variablesOf(text) {
  const names = [...text.matchAll(/\$(\w+)\s*:/g)].map(([, name]) => name)
  return [...new Set(names)].map((name) => option(name, 'variable'))
}

function option(text, detail) {
  return { text, insert: text, detail: detail ?? '' }
}
