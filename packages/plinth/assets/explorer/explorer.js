/** Owns the explorer: what is written, what it is run with, and what was answered. */

import { ask, whoAmI } from './ask.js'
import { completionsAt } from './completion.js'
import { fill, make } from './dom.js'
import { editor } from './editor.js'
import { drawHistory, remember } from './history.js'
import {
  buildClientSchema,
  getIntrospectionQuery,
  parse,
  print,
  validate,
} from './library/index.mjs'
import { drawSchema } from './schema-view.js'

const first = `# Ctrl+Enter: run it
# Ctrl+Space: what fits here
{
  __typename
}
`
const messagesMax = 200
const at = (id) => document.getElementById(id)
const kept = (name) => localStorage.getItem(`plinth.explorer.${name}`) ?? ''
const keep = (name, text) => localStorage.setItem(`plinth.explorer.${name}`, text)

let schema
let running

function start() {
  const asked = new URLSearchParams(location.search)
  const written = editor(at('document'), {
    label: 'Document',
    text: asked.get('query') ?? (kept('query') || first),
    complete: (text, place) => (schema ? completionsAt(schema, text, place) : { options: [] }),
    changed: (text) => {
      keep('query', text)
      check(written)
    },
    run: () => run(written),
  })
  at('variables').value = asked.get('variables') ?? kept('variables')
  at('variables').addEventListener('input', ({ target }) => keep('variables', target.value))
  at('run').addEventListener('click', () => (running ? running.abort() : run(written)))
  at('tidy').addEventListener('click', () => tidy(written))
  at('again').addEventListener('click', () => load(written))
  load(written)
  history(written)
}

function history(written) {
  drawHistory(at('history'), ({ query, variables }) => {
    written.write(query)
    at('variables').value = variables
    keep('variables', variables)
    written.area.focus()
  })
}

/** Reads the schema, and who is asking: both belong to the headers that are written now. */
async function load(written) {
  try {
    const headers = headersWritten()
    fill(at('who'), nameOf(await whoAmI(headers)))
    const query = getIntrospectionQuery({ descriptions: true, inputValueDeprecation: false })
    const told = ({ data, errors, detail }) => {
      if (!data) throw new Error(errors?.[0]?.message ?? detail)
      schema = buildClientSchema(data)
      drawSchema(at('schema'), schema)
      check(written)
    }
    await ask({ query }, { headers, told })
  } catch (error) {
    say(error.message)
  }
}

function nameOf(user) {
  if (user) return `Signed in: ${user.email ?? user.id}`
  const next = encodeURIComponent(location.pathname)
  return make('a', { href: `/account/sign-in?next=${next}` }, 'A guest: sign in')
}

function headersWritten() {
  return objectIn(at('headers').value, 'The headers')
}

function objectIn(text, what) {
  if (text.trim() === '') return {}
  try {
    const value = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Said below, in words that name the place.
  }
  throw new Error(`${what} are no JSON object.`)
}

/** Underlines what is wrong, and offers the operations of the document. */
function check(written) {
  const problems = at('problems')
  try {
    const tree = parse(written.area.value)
    choices(tree)
    const errors = schema ? validate(schema, tree) : []
    written.mark(errors.flatMap(marksOf))
    fill(
      problems,
      errors.slice(0, 3).map(({ message }) => make('p', {}, message)),
    )
  } catch (error) {
    const [start = 0] = error.positions ?? []
    written.mark([{ start, end: start + 1 }])
    fill(problems, make('p', {}, error.message))
  }
}

function marksOf({ nodes, positions }) {
  const places = nodes?.flatMap(({ loc }) => (loc ? [loc] : [])) ?? []
  if (places.length > 0) return places.map(({ start, end }) => ({ start, end }))
  return (positions ?? []).map((start) => ({ start, end: start + 1 }))
}

function operationsIn(tree) {
  return tree.definitions.filter(({ kind }) => kind === 'OperationDefinition')
}

function choices(tree) {
  const names = operationsIn(tree).flatMap(({ name }) => (name ? [name.value] : []))
  const select = at('operation')
  const { value } = select
  fill(
    select,
    names.map((name) => make('option', { value: name }, name)),
  )
  if (names.includes(value)) select.value = value
  select.closest('label').hidden = names.length < 2
}

function tidy(written) {
  try {
    written.write(`${print(parse(written.area.value))}\n`)
  } catch (error) {
    say(error.message)
  }
}

async function run(written) {
  running?.abort()
  const controller = new AbortController()
  running = controller
  at('run').textContent = 'Stop'
  const began = performance.now()
  const query = written.area.value
  const variables = at('variables').value
  let count = 0
  try {
    const operationName = at('operation').value || undefined
    const body = { query, operationName, variables: objectIn(variables, 'The variables') }
    const streamed = isSubscription(query, operationName)
    remember({ query, variables })
    history(written)
    fill(at('answers'))
    say(streamed ? 'Follows.' : 'Asks …')
    const { status } = await ask(body, {
      ...{ headers: headersWritten(), streamed, signal: controller.signal },
      told: (result) => {
        count++
        show(result)
        if (streamed) say(`Follows: ${count} so far.`)
      },
    })
    say(
      `${status}, ${Math.round(performance.now() - began)} ms${streamed ? `, ${count} in all: it has ended.` : ''}`,
    )
  } catch (error) {
    say(controller.signal.aborted ? `Stopped after ${count}.` : error.message)
  } finally {
    if (running === controller) {
      running = undefined
      at('run').textContent = 'Run'
    }
  }
}

function isSubscription(query, operationName) {
  try {
    const operations = operationsIn(parse(query))
    const chosen = operations.find(({ name }) => name?.value === operationName) ?? operations[0]
    return chosen?.operation === 'subscription'
  } catch {
    // The app says what is wrong with it.
    return false
  }
}

/** The latest answer stands first. */
function show(result) {
  const answers = at('answers')
  const text = JSON.stringify(result, null, 2)
  answers.prepend(make('pre', { tabindex: '0', role: 'region', 'aria-label': 'Answer' }, text))
  while (answers.children.length > messagesMax) answers.lastChild.remove()
}

function say(sentence) {
  fill(at('status'), sentence)
}

start()
