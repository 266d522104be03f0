/** Owns the parsed form of a source file: syntax tree, comments, type text and imports. */

import { stripTypeScriptTypes } from 'node:module'
import { type Comment, type Node, type Options, parse, type Token, tokTypes } from 'acorn'

/** A file as it stands: its path from the root of the repository, with `/`, and its text. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** A broken rule: printed as `path:line rule: cure`. */
export interface Violation {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly cure: string
}

/** A parsed file. All texts have the length of the original, so that positions agree. */
export interface Source extends TextFile {
  /** The syntax tree after the types were blanked. */
  readonly tree: Node
  /** All comments, those inside types included. */
  readonly comments: readonly Piece[]
  /** The contents of strings, templates and patterns, as written. */
  readonly strings: readonly Piece[]
  /** The original without comments and without the contents of strings. */
  readonly code: string
  /** Only what type stripping removed, without comments and strings. */
  readonly types: string
  readonly imports: readonly Import[]
}

/** A stretch of text and where it begins. */
export interface Piece {
  readonly text: string
  readonly start: number
}

/** One `import` or `export … from`, also of types, also `import('…')`. */
export interface Import {
  readonly specifier: string
  readonly line: number
  readonly typeOnly: boolean
}

/** Formats a violation as a line of a compiler. */
export function describeViolation({ path, line, rule, cure }: Violation): string {
  return `${path}:${line} ${rule}: ${cure}`
}

/** The number of the line, from 1, of a position. */
export function lineAt(text: string, position: number): number {
  let line = 1
  for (let index = text.indexOf('\n'); index !== -1 && index < position; line++) {
    index = text.indexOf('\n', index + 1)
  }
  return line
}

/**
 * Whether tests own this file: they may do what sources may not. Beside tests that is what stands
 * in a folder `tests/` or `proof/` of the sources; neither is published.
 */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || /\/src\/(?:.+\/)?(?:tests|proof)\//.test(path)
}

/** Parses a file, or says in one violation why it cannot be. */
export function parseSource(file: TextFile): Source | Violation {
  try {
    return parseText(file)
  } catch (cause) {
    const cure = `cannot be parsed (${String(cause).split('\n')[0]}); use erasable syntax only`
    return { path: file.path, line: 1, rule: 'syntax', cure }
  }
}

function parseText(file: TextFile): Source {
  const { text } = file
  const stripped = stripTypeScriptTypes(text, { mode: 'strip' })
  const comments: Comment[] = []
  const tokens: Token[] = []
  const options: Options = {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowHashBang: true,
    onComment: comments,
    onToken: tokens,
  }
  const tree = parse(stripped, options)
  const outer = comments.map(({ start, end }) => ({ text: text.slice(start, end), start }))
  const written = tokens.filter((token) => literalTypes.has(token.type))
  const literals = written.map(({ start, end }) => ({ text: text.slice(start, end), start }))
  const inner = scanTypes(removedText(text, stripped))
  const all = [...outer, ...inner.comments]
  const strings = [...literals, ...inner.strings]
  const code = blank(text, [...all, ...strings])
  const imports = readImports(code, literals, inner.strings)
  return { ...file, tree, comments: all, strings, code, types: inner.code, imports }
}

const literalTypes = new Set([tokTypes.string, tokTypes.template, tokTypes.regexp])

function removedText(text: string, stripped: string): string {
  const characters: string[] = []
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? ''
    const removed = character === '\n' || character !== stripped[index]
    characters.push(removed ? character : ' ')
  }
  return characters.join('')
}

/** Separates type text into code, comments and strings. No pattern literal can stand in a type. */
function scanTypes(text: string): { code: string; comments: Piece[]; strings: Piece[] } {
  const comments: Piece[] = []
  const strings: Piece[] = []
  const closings: Record<string, string> = { '//': '\n', '/*': '*/', "'": "'", '"': '"', '`': '`' }
  for (let index = 0; index < text.length; index++) {
    const two = text.slice(index, index + 2)
    const opening = two in closings ? two : two.slice(0, 1)
    const closing = closings[opening]
    if (!closing) continue
    const found = text.indexOf(closing, index + opening.length)
    const end = found === -1 ? text.length : found + (closing === '\n' ? 0 : closing.length)
    const pieces = opening.startsWith('/') ? comments : strings
    pieces.push({ text: text.slice(index, end), start: index })
    index = end - 1
  }
  return { code: blank(text, [...comments, ...strings]), comments, strings }
}

function blank(text: string, pieces: readonly Piece[]): string {
  const characters = text.split('')
  for (const piece of pieces) {
    for (let index = piece.start; index < piece.start + piece.text.length; index++) {
      if (characters[index] !== '\n') characters[index] = ' '
    }
  }
  return characters.join('')
}

/** A string behind `from`, `import` or `import(` names a module; a stripped one is a type's. */
function readImports(code: string, strings: readonly Piece[], types: readonly Piece[]): Import[] {
  const pieces = [...strings, ...types].sort((one, other) => one.start - other.start)
  const found = pieces.filter(({ start }) =>
    /(?:\bfrom|\bimport\s*\(|(?:^|\n)import)\s*$/.test(code.slice(Math.max(0, start - 40), start)),
  )
  return found.map((string) => ({
    specifier: string.text.slice(1, -1),
    line: lineAt(code, string.start),
    typeOnly: types.includes(string),
  }))
}
