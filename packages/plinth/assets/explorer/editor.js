/** Owns the editor: a text area with colours behind it, and what can stand where the caret is. */

import { fill, make } from './dom.js'

const colourForm =
  /(#[^\n]*)|("""[\s\S]*?"""|"(?:\\.|[^"\\\n])*")|(\$\w+)|\b(query|mutation|subscription|fragment|on|true|false|null)\b|(-?\b\d[\d.eE+-]*)|(@\w+)/g
const colours = ['comment', 'text', 'variable', 'word', 'number', 'directive']

/**
 * Makes an editor in a place. `complete(text, at)` says what can stand somewhere; `changed(text)`
 * is told of each change. Returns `{ area, write(text), mark(places) }`.
 */
export function editor(place, { label, text, complete, changed, run }) {
  const area = make('textarea', {
    ...{ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off', wrap: 'off' },
    ...{ autocomplete: 'off', 'aria-autocomplete': 'list', 'aria-controls': 'completions' },
  })
  const behind = make('pre', { class: 'behind', 'aria-hidden': 'true' })
  const list = make('ul', { id: 'completions', role: 'listbox', 'aria-label': 'Completions' })
  list.hidden = true
  const state = { area, behind, list, complete, options: [], prefix: '', chosen: 0, marks: [] }
  const told = () => {
    paint(state)
    changed(area.value)
  }
  area.addEventListener('input', () => {
    told()
    offer(state, false)
  })
  area.addEventListener('scroll', () => follow(state))
  area.addEventListener('blur', () => hide(state))
  area.addEventListener('click', () => hide(state))
  area.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      hide(state)
      run()
    } else pressed(state, event)
  })
  fill(place, behind, area, list)
  area.value = text
  paint(state)
  return {
    area,
    write(next) {
      area.value = next
      told()
    },
    mark(marks) {
      state.marks = marks
      paint(state)
    },
  }
}

/** Draws the text behind the area in colours; what is wrong is underlined. */
function paint(state) {
  const { area, behind, marks } = state
  const pieces = []
  let at = 0
  for (const match of area.value.matchAll(colourForm)) {
    pieces.push([at, match.index, ''])
    const colour = colours[match.slice(1).findIndex((part) => part !== undefined)]
    pieces.push([match.index, match.index + match[0].length, colour])
    at = match.index + match[0].length
  }
  pieces.push([at, area.value.length, ''])
  const parts = pieces.flatMap((piece) => cut(piece, marks))
  fill(
    behind,
    parts.map(([start, end, kind]) =>
      kind === ''
        ? area.value.slice(start, end)
        : make('span', { class: kind }, area.value.slice(start, end)),
    ),
    '\n',
  )
  follow(state)
}

/** The parts of a piece, in which the marks begin and end. */
function cut([start, end, kind], marks) {
  const edges = marks
    .flatMap((mark) => [mark.start, mark.end])
    .filter((at) => at > start && at < end)
  const places = [start, ...edges.sort((one, other) => one - other), end]
  return places.slice(1).map((until, index) => {
    const from = places[index]
    const wrong = marks.some((mark) => mark.start <= from && until <= mark.end && from < until)
    return [from, until, wrong ? `${kind} wrong`.trim() : kind]
  })
}

function follow({ area, behind }) {
  behind.scrollTop = area.scrollTop
  behind.scrollLeft = area.scrollLeft
}

/** Offers what can stand at the caret. `asked`: also where nothing of it is written yet. */
function offer(state, asked) {
  const { area, complete } = state
  const { prefix, options } = complete(area.value, area.selectionStart)
  if (options.length === 0 || (prefix === '' && !asked)) return hide(state)
  Object.assign(state, { options, prefix, chosen: 0 })
  return show(state)
}

function show(state) {
  const { area, list, options, chosen, prefix } = state
  const before = area.value.slice(0, area.selectionStart - prefix.length).split('\n')
  const style = getComputedStyle(area)
  const [height, width] = [Number.parseFloat(style.lineHeight), widthOf(style.font)]
  const inset = Number.parseFloat(style.paddingTop)
  list.style.top = `${inset + before.length * height - area.scrollTop}px`
  const left = inset + before.at(-1).length * width - area.scrollLeft
  list.style.left = `${Math.max(0, Math.min(left, area.clientWidth - 260))}px`
  fill(
    list,
    options.map(({ text, detail }, index) =>
      make(
        'li',
        {
          ...{ id: `completion-${index}`, role: 'option', 'aria-selected': index === chosen },
          mousedown: (event) => {
            event.preventDefault()
            take(state, index)
          },
        },
        make('b', {}, text),
        ' ',
        make('span', {}, detail),
      ),
    ),
  )
  for (const [index, each] of [...list.children].entries()) {
    each.setAttribute('aria-selected', String(index === chosen))
  }
  list.hidden = false
  list.children[chosen]?.scrollIntoView({ block: 'nearest' })
  area.setAttribute('aria-activedescendant', `completion-${chosen}`)
}

function hide({ area, list }) {
  list.hidden = true
  area.removeAttribute('aria-activedescendant')
}

function widthOf(font) {
  const measure = document.createElement('canvas').getContext('2d')
  measure.font = font
  return measure.measureText('0').width
}

function pressed(state, event) {
  const { area, list, options } = state
  if (event.key === ' ' && event.ctrlKey) {
    event.preventDefault()
    return offer(state, true)
  }
  if (!list.hidden) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (way !== undefined) {
      event.preventDefault()
      state.chosen = (state.chosen + way + options.length) % options.length
      return show(state)
    }
    if (event.key === 'Enter' || event.key === 'Tab') {
      event.preventDefault()
      return take(state, state.chosen)
    }
    if (event.key === 'Escape') return hide(state)
  }
  if (event.key === 'Enter') {
    event.preventDefault()
    return newLine(area)
  }
  return undefined
}

/** A new line stands as deep as the one before, or a step deeper behind a bracket. */
function newLine(area) {
  const before = area.value.slice(0, area.selectionStart)
  const [indent] = /^ */.exec(before.slice(before.lastIndexOf('\n') + 1)) ?? ['']
  const deeper = /[{([]\s*$/.test(before)
  const closes = /^\s*[})\]]/.test(area.value.slice(area.selectionEnd))
  insert(area, `\n${indent}${deeper ? '  ' : ''}${deeper && closes ? `\n${indent}` : ''}`)
  if (deeper && closes) {
    const at = area.selectionStart - indent.length - 1
    area.setSelectionRange(at, at)
  }
}

function take(state, index) {
  const { area, prefix, options } = state
  const { insert: text } = options[index]
  area.setSelectionRange(area.selectionStart - prefix.length, area.selectionEnd)
  insert(area, text)
  hide(state)
}

/** Writes as if typed, so that it can be undone. */
function insert(area, text) {
  area.focus()
  document.execCommand('insertText', false, text)
}
