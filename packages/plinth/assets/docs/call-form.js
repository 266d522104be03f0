/** Owns the trying out of an operation: a form for its parts, the call, and its answer. */

import { resolve } from './document.js'
import { copyButton, fill, make, prose } from './dom.js'
import { conditions, typeName } from './schema-view.js'
import { currentToken } from './session.js'

/** Draws the form of an operation. */
export function callForm(api, operation) {
  const inputs = operation.parameters
    .filter((parameter) => parameter.style !== 'deepObject')
    .map((parameter) => ({ parameter, input: parameterInput(parameter) }))
  const more = make('input', {
    type: 'text',
    id: 'more',
    autocomplete: 'off',
    placeholder: 'filter[name][contains]=tea&include[lines][limit]=5',
  })
  const body = bodyInput(api, operation)
  const answer = make('section', { 'aria-live': 'polite', class: 'answer' })
  const read = () => requestOf(operation, { inputs, more, body })
  const submit = async (event) => {
    event.preventDefault()
    if (await send(read(), answer)) for (const { input } of inputs) renewKey(input)
  }
  return make(
    'form',
    { class: 'call', submit, 'aria-label': 'Try it' },
    parameterTable(
      api,
      'Parameters',
      inputs.filter(({ parameter }) => !isFilter(parameter)),
    ),
    filterTable(
      api,
      inputs.filter(({ parameter }) => isFilter(parameter)),
    ),
    operation.method === 'GET' && operation.parameters.length > 0
      ? make('label', { for: 'more' }, 'More of the query string ', more)
      : undefined,
    body ? make('label', {}, `Body (${body.type}) `, body.area) : undefined,
    make(
      'p',
      { class: 'actions' },
      make('button', { type: 'submit' }, `Send ${operation.method}`),
      copyButton('Copy as curl', () => curlOf(read())),
    ),
    answer,
  )
}

function isFilter({ name }) {
  return name.startsWith('filter[')
}

function filterTable(api, inputs) {
  if (inputs.length === 0) return undefined
  const table = parameterTable(api, 'Records whose field has this value', inputs)
  return make('details', {}, make('summary', {}, 'Filters'), table)
}

function parameterTable(api, caption, inputs) {
  if (inputs.length === 0) return undefined
  const rows = inputs.map(({ parameter, input }) =>
    make(
      'tr',
      {},
      make(
        'th',
        { scope: 'row' },
        make('label', { for: input.id }, parameter.name),
        parameter.required ? make('strong', {}, ' required') : undefined,
        make('span', { class: 'type' }, ` ${parameter.in} · ${typeName(api, parameter.schema)}`),
      ),
      make(
        'td',
        {},
        input,
        make('p', {}, prose(parameter.description)),
        parameter.schema?.items?.enum
          ? make('p', {}, conditions(parameter.schema.items))
          : undefined,
      ),
    ),
  )
  return make('table', {}, make('caption', {}, caption), make('tbody', {}, rows))
}

function parameterInput({ name, in: place, required, schema }) {
  const id = `parameter-${place}-${name}`
  if (Array.isArray(schema?.enum)) {
    const options = ['', ...schema.enum].map((value) => make('option', { value }, value))
    return make('select', { id, name, required }, options)
  }
  const input = make('input', { id, name, required, type: 'text', autocomplete: 'off' })
  if (required) renewKey(input)
  return input
}

/** Where a key has to be sent, a new one is ready; one that was answered well is used up. */
function renewKey(input) {
  if (!input.required || input.name !== 'Idempotency-Key') return
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))]
  input.value = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bodyInput(api, operation) {
  const content = operation.requestBody?.content
  if (!content) return undefined
  const [type, media] = Object.entries(content)[0]
  const example = media.example ?? resolve(api, media.schema)?.examples?.[0] ?? {}
  const area = make('textarea', { rows: 10, spellcheck: 'false' })
  area.value = JSON.stringify(example, null, 2)
  return { type, area }
}

/** The request that the form describes. */
function requestOf(operation, { inputs, more, body }) {
  let { path } = operation
  const headers = { accept: 'application/json' }
  const query = []
  const token = currentToken()
  if (token !== undefined) headers.authorization = `Bearer ${token}`
  for (const { parameter, input } of inputs) {
    const value = input.value.trim()
    const encoded = encodeURIComponent(value).replaceAll('%2C', ',')
    if (parameter.in === 'path') {
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(value))
    } else if (value === '') {
    } else if (parameter.in === 'header') {
      headers[parameter.name.toLowerCase()] = value
    } else {
      query.push(`${encodeURIComponent(parameter.name)}=${encoded}`)
    }
  }
  if (more.value.trim() !== '') query.push(more.value.trim())
  if (body) headers['content-type'] = body.type
  const search = query.length > 0 ? `?${query.join('&')}` : ''
  return { method: operation.method, url: path + search, headers, body: body?.area.value }
}

/** Sends a request and shows its answer. True where that was a 2xx. */
async function send(request, place) {
  fill(place, make('p', {}, 'Waiting …'))
  const started = performance.now()
  try {
    const { url, ...options } = request
    const response = await fetch(url, { ...options, credentials: 'omit' })
    const text = await response.text()
    const milliseconds = Math.round(performance.now() - started)
    fill(place, answerView(response, text, milliseconds))
    return response.ok
  } catch (error) {
    fill(place, make('p', { class: 'bad' }, `No answer came: ${error.message}.`))
    return false
  }
}

function answerView(response, text, milliseconds) {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  const shown = pretty(text, response.headers.get('content-type') ?? '')
  return [
    make(
      'h3',
      { class: response.ok ? 'good' : 'bad' },
      `${response.status} ${response.statusText}`,
      make('span', { class: 'type' }, ` ${milliseconds} ms`),
    ),
    make('details', {}, make('summary', {}, 'Headers'), make('pre', {}, headers)),
    text === '' ? undefined : make('pre', { class: 'body', tabindex: 0 }, shown),
    text === '' ? undefined : copyButton('Copy the answer', () => shown),
  ]
}

function pretty(text, type) {
  if (!type.includes('json')) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // Not JSON after all: shown as it came.
    return text
  }
}

/** The same request for a shell. */
function curlOf({ method, url, headers, body }) {
  const quote = (value) => `'${value.replaceAll("'", "'\\''")}'`
  const lines = [`curl -X ${method} ${quote(location.origin + url)}`]
  for (const [name, value] of Object.entries(headers))
    lines.push(`-H ${quote(`${name}: ${value}`)}`)
  if (body !== undefined) lines.push(`--data-binary ${quote(body)}`)
  return lines.join(' \\\n  ')
}
