/** Owns the grammar of reads in a query string: parameters → the same tree that a body would be. */

import { Failure, type Problem } from '../../base/failure.ts'
import {
  type FilterTree,
  type FilterValue,
  filterTree,
  finishFilter,
  plant,
} from './filter-tree.ts'
import { decode, note, type Parameter, readParameters } from './parameters.ts'

/** A read as the query string says it; every leaf is text. */
export interface ReadQuery {
  fields?: readonly string[]
  include?: { readonly [relation: string]: true | ReadQuery }
  filter?: FilterValue
  sort?: readonly string[]
  limit?: string
  after?: string
  before?: string
  count?: string
}

/** What an address takes: a list of records, or one. */
export type ReadForm = 'list' | 'record'

/**
 * Reads the query string of a list or of one record. Undefined where there is none.
 *
 * @throws Failure `malformed_query` with a problem per parameter that cannot be read.
 */
export function readQuery(search: string, form: ReadForm): ReadQuery | undefined {
  if (search === '') return undefined
  const problems: Problem[] = []
  const draft: Draft = {}
  const words = form === 'list' ? listWords : recordWords
  for (const parameter of readParameters(search, problems)) {
    const reading: Reading = { draft, words, parameter, problems }
    readWord(reading, parameter.word, parameter.keys)
  }
  const query = finish(draft, problems)
  if (problems.length > 0) throw malformedQuery(problems)
  return query
}

/** The failure that tells what is wrong with a query string. */
export function malformedQuery(problems: readonly Problem[]): Failure {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  const place = first?.pointer === '' ? '' : `${first?.pointer}: `
  return new Failure('malformed_query', { detail: `${place}${first?.detail}${more}`, problems })
}

const recordWords = ['fields', 'include'] as const
const includeWords = ['fields', 'include', 'filter', 'sort', 'limit'] as const
const listWords = [...includeWords, 'after', 'before', 'count'] as const

type Word = (typeof listWords)[number]
type TextWord = 'limit' | 'after' | 'before' | 'count'

interface Draft {
  fields?: readonly string[]
  sort?: readonly string[]
  include?: Map<string, Draft>
  filter?: FilterTree
  /** The parameter that began the filter, for a problem found at the end. */
  filterName?: string
  limit?: string
  after?: string
  before?: string
  count?: string
}

interface Reading {
  readonly draft: Draft
  readonly words: readonly Word[]
  readonly parameter: Parameter
  readonly problems: Problem[]
}

function readWord(reading: Reading, word: string, keys: readonly string[]): void {
  const known = reading.words.find((each) => each === word)
  if (known === undefined) {
    refuse(reading, 'unknown_parameter', `Leave it out; known are ${reading.words.join(', ')}.`)
  } else if (known === 'filter') {
    readFilter(reading, keys)
  } else if (known === 'include') {
    readInclude(reading, keys)
  } else if (keys.length > 0) {
    refuse(reading, 'unknown_parameter', `Write ${known} without brackets behind it.`)
  } else if (known === 'fields') {
    readFields(reading)
  } else if (known === 'sort') {
    readSort(reading)
  } else {
    readText(reading, known)
  }
}

function readSort(reading: Reading): undefined {
  const list = readList(reading)
  if (list && isFree(reading, reading.draft.sort)) reading.draft.sort = list
}

function readText(reading: Reading, word: TextWord): undefined {
  const text = decode(reading.parameter.encoded)
  if (text === undefined || text === '') return refuseValue(reading, text)
  if (isFree(reading, reading.draft[word])) reading.draft[word] = text
}

const quantifiers: ReadonlySet<string> = new Set(['not', 'some', 'every', 'none'])

function readFilter(reading: Reading, keys: readonly string[]): undefined {
  const { draft, parameter } = reading
  if (keys.length === 0) {
    return refuse(
      reading,
      'bad_brackets',
      'Say on what: filter[field]=value, or [field][operator].',
    )
  }
  const values = takesList(keys) ? readList(reading) : readLeaf(reading)
  if (values === undefined) return undefined
  draft.filter ??= filterTree()
  draft.filterName ??= parameter.name
  if (!plant(draft.filter, keys, values)) {
    refuse(reading, 'duplicate_parameter', 'It contradicts another parameter; give one of them.')
  }
}

/** True for `[field][in]`; false for a field that happens to be called `in`. */
function takesList(keys: readonly string[]): boolean {
  const operator = keys.at(-1)
  if (operator !== 'in' && operator !== 'notIn') return false
  const field = keys.at(-2)
  return field !== undefined && !quantifiers.has(field) && !/^\d/.test(field)
}

function readLeaf(reading: Reading): string | undefined {
  const text = decode(reading.parameter.encoded)
  return text === undefined ? refuseValue(reading, text) : text
}

/** `include=category,lines.product`, or an option of one: `include[lines][limit]=5`. */
function readInclude(reading: Reading, keys: readonly string[]): undefined {
  if (keys.length === 0) {
    for (const path of readList(reading) ?? []) descend(reading, path.split('.'))
    return undefined
  }
  const at = keys.findIndex((key, index) => index > 0 && includeWords.some((word) => word === key))
  const word = keys[at]
  if (at === -1 || word === undefined) {
    const cure = `Name an option behind the relation: ${includeWords.join(', ')}.`
    return refuse(reading, 'unknown_parameter', cure)
  }
  const draft = descend(reading, keys.slice(0, at))
  if (draft) readWord({ ...reading, draft, words: includeWords }, word, keys.slice(at + 1))
}

/** `fields=name,category.name`: a dotted field is one of an included record. */
function readFields(reading: Reading): void {
  const drafts = new Map<Draft, string[]>()
  for (const path of readList(reading) ?? []) {
    const dot = path.lastIndexOf('.')
    const draft = dot === -1 ? reading.draft : descend(reading, path.slice(0, dot).split('.'))
    if (!draft) return
    const fields = drafts.get(draft) ?? []
    drafts.set(draft, fields)
    fields.push(path.slice(dot + 1))
  }
  for (const [draft, fields] of drafts) {
    if (isFree(reading, draft.fields)) draft.fields = fields
  }
}

/** The draft of an included record, reached over relations; made where there is none. */
function descend(reading: Reading, relations: readonly string[]): Draft | undefined {
  let { draft } = reading
  for (const relation of relations) {
    if (relation === '') return refuseValue(reading, '')
    draft.include ??= new Map()
    let next = draft.include.get(relation)
    if (next === undefined) {
      next = {}
      draft.include.set(relation, next)
    }
    draft = next
  }
  return draft
}

/** The texts between the commas; an encoded comma (%2C) belongs to its text. */
function readList(reading: Reading): readonly string[] | undefined {
  const list: string[] = []
  for (const part of reading.parameter.encoded.split(',')) {
    const text = decode(part)
    if (text === undefined || text === '') return refuseValue(reading, text)
    list.push(text)
  }
  return list
}

function isFree(reading: Reading, present: unknown): boolean {
  if (present === undefined) return true
  refuse(reading, 'duplicate_parameter', 'It is given twice in two spellings; give it once.')
  return false
}

function refuseValue(reading: Reading, text: string | undefined): undefined {
  if (text === '') refuse(reading, 'no_value', 'Give a value, and none that is empty.')
  else refuse(reading, 'bad_encoding', 'Percent-encode the value as UTF-8, without NUL.')
}

function refuse(reading: Reading, code: string, detail: string): undefined {
  note(reading.problems, { pointer: reading.parameter.name, code, detail })
}

function finish(draft: Draft, problems: Problem[]): ReadQuery {
  const { include, filter, filterName, ...rest } = draft
  const query: ReadQuery = Object.assign(Object.create(null), rest)
  if (filter !== undefined) {
    const finished = finishFilter(filter)
    if (finished === undefined) {
      note(problems, {
        pointer: filterName ?? 'filter',
        code: 'bad_brackets',
        detail: 'Number lists from 0, without gaps.',
      })
    } else {
      query.filter = finished
    }
  }
  if (include !== undefined) query.include = finishInclude(include, problems)
  return query
}

function finishInclude(
  include: ReadonlyMap<string, Draft>,
  problems: Problem[],
): { [relation: string]: true | ReadQuery } {
  const finished: { [relation: string]: true | ReadQuery } = Object.create(null)
  for (const [relation, draft] of include) {
    const query = finish(draft, problems)
    finished[relation] = Object.keys(query).length === 0 ? true : query
  }
  return finished
}
