/** Owns what was run before: the latest twenty, kept by the browser. */

import { fill, make } from './dom.js'

const name = 'plinth.explorer.history'
const most = 20

function entries() {
  try {
    const known = JSON.parse(localStorage.getItem(name) ?? '[]')
    return Array.isArray(known) ? known : []
  } catch {
    // Somebody else wrote there: it begins anew.
    return []
  }
}

/** Keeps what was run. Headers are not: they hold tokens. */
export function remember({ query, variables }) {
  const others = entries().filter((each) => each.query !== query || each.variables !== variables)
  localStorage.setItem(name, JSON.stringify([{ query, variables }, ...others].slice(0, most)))
}

/** Draws what was run; `chosen` is told of the one to take up again. */
export function drawHistory(place, chosen) {
  const known = entries()
  const entry = (each) => {
    const words = each.query
      .replace(/#[^\n]*/g, '')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 60)
    const button = { type: 'button', class: 'link', click: () => chosen(each) }
    return make('li', {}, make('button', button, words || '(empty)'))
  }
  const none = make('p', {}, 'Nothing was run yet.')
  fill(place, known.length === 0 ? none : make('ul', {}, known.map(entry)))
}
