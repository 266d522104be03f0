/** Owns the documentation page: the sidebar, and the operation that the address names. */

import { callForm } from './call-form.js'
import { grouped, loadDocument, operationsOf, resolve } from './document.js'
import { fill, make, prose } from './dom.js'
import { schemaView } from './schema-view.js'
import { drawSession } from './session.js'

const main = document.getElementById('main')
const sidebar = document.getElementById('sidebar')
const menu = document.getElementById('menu')

/** Reads the document and draws the page. */
async function start() {
  const api = await loadDocument()
  const operations = operationsOf(api)
  drawSidebar(api, operations)
  drawSession(document.getElementById('session'), operations)
  const show = () => showOperation(api, operations)
  window.addEventListener('hashchange', () => {
    openMenu(false)
    show()
    main.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  })
  menu.addEventListener('click', () => openMenu(menu.getAttribute('aria-expanded') !== 'true'))
  show()
}

function openMenu(open) {
  menu.setAttribute('aria-expanded', String(open))
  sidebar.classList.toggle('open', open)
}

function drawSidebar(api, operations) {
  const search = make('input', {
    type: 'search',
    'aria-label': 'Find an operation',
    placeholder: 'Find an operation',
    input: () => narrow(search.value.trim().toLowerCase()),
  })
  const order = (api.tags ?? []).map((tag) => tag.name)
  const groups = [...grouped(operations)]
  groups.sort(([one], [other]) => order.indexOf(one) - order.indexOf(other))
  const kits = groups.map(([kit, models]) =>
    make(
      'section',
      {},
      make('h2', {}, kit),
      // What belongs to no model stands right below the kit.
      [...models]
        .sort(([one], [other]) => (other === '') - (one === ''))
        .map(([model, list]) =>
          make(
            'section',
            {},
            model === '' ? undefined : make('h3', {}, model),
            make('ul', {}, list.map(sidebarEntry)),
          ),
        ),
    ),
  )
  fill(sidebar, search, kits)
}

function sidebarEntry(operation) {
  const { method, path, operationId, summary } = operation
  return make(
    'li',
    { 'data-text': `${method} ${path} ${operationId} ${summary}`.toLowerCase() },
    make('a', { href: `#${operationId}` }, badge(method), ' ', summary),
  )
}

function narrow(words) {
  for (const entry of sidebar.querySelectorAll('li')) {
    entry.hidden = !entry.dataset.text.includes(words)
  }
  // A heading over nothing would push what was found out of sight.
  for (const section of sidebar.querySelectorAll('section')) {
    section.hidden = section.querySelector('li:not([hidden])') === null
  }
}

function badge(method) {
  return make('span', { class: `method ${method.toLowerCase()}` }, method)
}

function showOperation(api, operations) {
  const id = decodeURIComponent(location.hash.slice(1))
  const operation = operations.find((each) => each.operationId === id)
  for (const link of sidebar.querySelectorAll('a')) {
    if (link.getAttribute('href') === `#${id}`) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  if (operation) fill(main, operationView(api, operation))
  else fill(main, welcome(api))
}

function welcome(api) {
  return [
    make('h2', {}, api.info.title),
    make('p', {}, prose(api.info.description)),
    make(
      'p',
      {},
      'Choose an operation to read about it and to call it. Programs read ',
      make('a', { href: '/openapi.json' }, '/openapi.json'),
      '.',
    ),
  ]
}

function operationView(api, operation) {
  const { method, path, summary, description, operationId } = operation
  return [
    make('h2', {}, summary),
    make('p', { class: 'address' }, badge(method), ' ', make('code', {}, path)),
    make('p', { class: 'type' }, operationId),
    description ? make('p', {}, prose(description)) : undefined,
    callForm(api, operation),
    bodyView(api, operation),
    make('h3', {}, 'Answers'),
    Object.entries(operation.responses).map(([status, response]) =>
      answerView(api, status, resolve(api, response)),
    ),
  ].flat()
}

function bodyView(api, operation) {
  const content = Object.values(operation.requestBody?.content ?? {})[0]
  if (!content) return undefined
  return make('section', {}, make('h3', {}, 'Body'), schemaView(api, content.schema))
}

function answerView(api, status, response) {
  const content = Object.values(response.content ?? {})[0]
  return make(
    'details',
    {},
    make('summary', {}, make('strong', {}, status), ' ', prose(response.description)),
    content ? schemaView(api, content.schema) : undefined,
  )
}

start().catch((error) => {
  fill(main, make('p', { class: 'bad', role: 'alert' }, error.message))
})
