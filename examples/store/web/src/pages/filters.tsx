/** Owns the filters of the catalogue: what can be chosen, and what that asks of the API. */

import { useId, useState } from 'react'

/** The ways to sort, by their names in the address. */
const sorts = {
  '': 'By name',
  price: 'Cheapest first',
  '-price': 'Dearest first',
  '-createdAt': 'Newest first',
} as const

const prices: readonly (readonly [value: string, words: string])[] = [
  ['', 'Any price'],
  ['0-500', 'Up to £5'],
  ['500-1000', '£5 to £10'],
  ['1000-', 'From £10'],
]

/** What is asked of the API for what stands in the address. */
export function filterOf(query: URLSearchParams) {
  const words = (query.get('q') ?? '').split(/\s+/).filter(Boolean)
  const [from = '', to = ''] = (query.get('price') ?? '').split('-')
  const shelf = query.get('shelf')
  return {
    and: words.map((word) => ({ name: { icontains: word } })),
    ...(shelf ? { category: { slug: shelf } } : {}),
    ...(from || to
      ? { price: { ...(from ? { gte: Number(from) } : {}), ...(to ? { lte: Number(to) } : {}) } }
      : {}),
    ...(query.get('stock') === 'yes' ? { stock: { gt: 0 } } : {}),
  }
}

/** The order that stands in the address. */
export function sortOf(query: URLSearchParams) {
  const sort = query.get('sort') ?? ''
  if (sort === 'price' || sort === '-price') return [sort, 'sku'] as const
  return sort === '-createdAt' ? (['-createdAt', 'sku'] as const) : (['name', 'sku'] as const)
}

interface FiltersProperties {
  readonly query: URLSearchParams
  readonly shelves: readonly { readonly name: string; readonly slug: string }[]
  readonly change: (name: string, value: string) => void
}

/** The filters. Each choice counts at once. */
export function Filters({ query, shelves, change }: FiltersProperties) {
  const id = useId()
  const [open, setOpen] = useState(false)
  return (
    <search className="filters">
      <div className="first">
        <label className="find">
          <span className="unseen">Search the catalogue</span>
          <input
            type="search"
            placeholder="Search: teapot, red…"
            value={query.get('q') ?? ''}
            onChange={(event) => change('q', event.target.value)}
          />
        </label>
        <button
          type="button"
          className="quiet toggle"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          Filters
        </button>
      </div>
      <div id={id} className="choices" data-open={open}>
        <Shelves shelf={query.get('shelf') ?? ''} shelves={shelves} change={change} />
        <Choice
          name="Price"
          value={query.get('price') ?? ''}
          options={prices}
          choose={(value) => change('price', value)}
        />
        <Choice
          name="Order"
          value={query.get('sort') ?? ''}
          options={Object.entries(sorts)}
          choose={(value) => change('sort', value)}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={query.get('stock') === 'yes'}
            onChange={(event) => change('stock', event.target.checked ? 'yes' : '')}
          />
          In stock only
        </label>
      </div>
    </search>
  )
}

interface ShelvesProperties extends Pick<FiltersProperties, 'shelves' | 'change'> {
  readonly shelf: string
}

function Shelves({ shelf, shelves, change }: ShelvesProperties) {
  return (
    <fieldset className="shelves">
      <legend>Shelf</legend>
      {[{ name: 'Everything', slug: '' }, ...shelves].map(({ name, slug }) => (
        <label className="chip" key={slug}>
          <input
            type="radio"
            name="shelf"
            checked={shelf === slug}
            onChange={() => change('shelf', slug)}
          />
          {name}
        </label>
      ))}
    </fieldset>
  )
}

interface ChoiceProperties {
  readonly name: string
  readonly value: string
  readonly options: readonly (readonly [value: string, words: string])[]
  readonly choose: (value: string) => void
}

function Choice({ name, value, options, choose }: ChoiceProperties) {
  return (
    <label>
      {name}
      <select value={value} onChange={(event) => choose(event.target.value)}>
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}
