/** Owns what an editor's completions cost in an app with many models: each side of it. */

import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { buildPackage } from '../../scripts/build/package.ts'
import { run } from '../processes.ts'
import { type Figure, median } from '../table.ts'
import { root, type Scratch } from '../world.ts'
import { Editor } from './editor.ts'
import { kitNames, kitTexts, writeProject } from './large-app.ts'

const goalMs = 200
const rounds = 3

/** What is typed, and what must be offered there. `¦` is where the cursor stands. */
type Place = readonly [name: string, typed: string, offered: string]

interface Typing {
  readonly name: string
  readonly file: string
  readonly places: readonly Place[]
}

/** What both sides of an app write: `data` is what they write it by. */
function readsBy(data: string): readonly Place[] {
  return [
    ['models', `${data}.¦`, 'm7x3'],
    ['fields of a filter', `${data}.m7x3.find({ filter: { ¦ } })`, 'stock'],
    ['relations', `${data}.m7x3.find({ include: { ¦ } })`, 'outside'],
  ]
}

const typings: readonly Typing[] = [
  {
    name: 'in a front end',
    file: 'front.ts',
    places: [
      ...readsBy('client.data'),
      ['methods of a model', 'client.data.m7x3.¦', 'find'],
      ['names of fields', "client.data.m7x3.find({ fields: ['¦'] })", 'price'],
      ['fields of an input', "client.data.m7x3.update('', { ¦ })", 'weight'],
      ['actions', 'client.actions.kit4.¦', 'act4'],
      ['members of an answer', 'read.ok && read.value.data[0]?.¦', 'price'],
    ],
  },
  {
    name: 'in an action',
    file: 'act7.ts',
    places: [...readsBy('data'), ['methods of a model', 'data.m7x3.¦', 'lock']],
  },
  {
    name: 'in a declaration',
    file: 'kit7.ts',
    places: [
      ['options of a field', 'more: text({ ¦ }),', 'max'],
      ['models that a relation can name', "more: belongsTo('¦'),", 'm6x3'],
    ],
  },
]

/**
 * Measures from a keystroke to the list of completions, as an editor asks for them: each time
 * the file has just changed, so that nothing of it is known any more. The app is laid out as the
 * guide says for a large one, with Plinth as it is installed.
 */
export async function measureCompletion(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const folder = join(scratch.path, 'completion')
  await writeLargeApp(folder, await builtPlinth(scratch))
  const inferred = await typeAll(folder, (line) => tell(`completion from the sources: ${line}`))
  const command = join(root, 'packages', 'plinth', 'bin', 'plinth.js')
  const words = ['--conditions=source', command, 'types', join(folder, 'server.ts')]
  const startMs = performance.now()
  await run(process.execPath, words, { cwd: folder })
  tell(`completion: plinth types took ${(performance.now() - startMs).toFixed(0)} ms`)
  const declared = await typeAll(folder, (line) => tell(`completion: ${line}`))
  return typings.map(({ name }, at) => {
    const [from, read] = [inferred[at] ?? [], declared[at] ?? []]
    const [middle, worst] = [median(read), Math.max(...read)]
    const value = `${middle.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`
    return {
      name: `completion ${name}, 200 models, p50`,
      value: `${value}; from the sources ${median(from).toFixed(0)} ms`,
      goal: `≤ ${goalMs} ms`,
      reached: middle <= goalMs,
    }
  })
}

/** As npm would install it. */
async function builtPlinth(scratch: Scratch): Promise<string> {
  const home = join(root, 'packages', 'plinth')
  const staged = join(scratch.path, 'plinth')
  buildPackage({ compiled: join(home, 'dist'), staged })
  await symlink(join(home, 'node_modules'), join(staged, 'node_modules'))
  return staged
}

/** The times of all answers, file by file. */
async function typeAll(
  folder: string,
  tell: (line: string) => void,
): Promise<readonly (readonly number[])[]> {
  const texts = largeAppTexts()
  const all: (readonly number[])[] = []
  for (const { name, file, places } of typings) {
    const editor = new Editor(folder)
    try {
      await editor.begin(folder)
      await editor.open(join(folder, file), texts[file] ?? '')
      all.push(await typeInto(editor, { places, tell: (line) => tell(`${name}: ${line}`) }))
    } finally {
      editor.close()
    }
  }
  return all
}

interface Typed {
  readonly places: readonly Place[]
  readonly tell: (line: string) => void
}

async function typeInto(editor: Editor, { places, tell }: Typed): Promise<readonly number[]> {
  const all: number[] = []
  const [first] = places
  if (first) tell(`the first answer ${(await editor.type(first[1], 0)).ms.toFixed(0)} ms`)
  for (const [name, typed, offered] of places) {
    const times: number[] = []
    const before = await editor.processorMs()
    for (let round = 0; round < rounds; round++) {
      const { ms, labels } = await editor.type(typed, round)
      if (!labels.includes(offered)) {
        const seen = labels.slice(0, 9).join(', ')
        throw new Error(`${name}: ${offered} is not offered, but ${seen}.`)
      }
      times.push(ms)
    }
    const used = ((await editor.processorMs()) - before) / rounds
    const each = times.map((ms) => ms.toFixed(0)).join(' ')
    tell(`${name}: ${each} ms, ${used.toFixed(0)} ms of processor time each`)
    all.push(...times)
  }
  return all
}

async function writeLargeApp(folder: string, plinth: string): Promise<void> {
  const texts = Object.entries(largeAppTexts())
  const files = Object.fromEntries(texts.map(([name, text]) => [name, text.replace('§', '')]))
  const options = { paths: { '#server/*': ['./.plinth/types/*.d.ts', './*.ts'] } }
  await mkdir(folder, { recursive: true })
  await writeProject(folder, { files, plinth, options })
}

/** Kits, an action of each in a file of its own, the app, a front end; `§` is where is typed. */
function largeAppTexts(): Readonly<Record<string, string>> {
  const kits = kitNames()
  const actions = kits.map((kit, at) => [`act${at}.ts`, actionText(kit, at)] as const)
  const texts = kitTexts((kit) => `#server/${kit}`)
  const typed = (texts['kit7.ts'] ?? '').replace('        stock: ', '        §\n        stock: ')
  const files = { ...texts, 'kit7.ts': typed, ...Object.fromEntries(actions) }
  return { ...files, 'server.ts': serverText(kits), 'front.ts': frontText }
}

function actionText(kit: string, at: number): string {
  return `import { anyone, integer, text } from 'plinth'
import { ${kit} } from '#server/${kit}'

export const act${at} = ${kit}.action('act${at}', {
  input: { count: integer({ min: 1 }), note: text({ optional: true }) },
  output: { total: integer() },
  allow: anyone,
  failures: { sold_out: { detail: 'Choose another.' } },
  async run({ input, data, fail }) {
    const { data: found } = await data.m${at}x3.find({ filter: { stock: { gt: input.count } } })
    §
    if (found.length === 0) throw fail('sold_out')
    return { total: input.count }
  },
})
`
}

function serverText(kits: readonly string[]): string {
  const imports = kits.map((kit, at) => {
    return `import { act${at} } from '#server/act${at}'\nimport { ${kit} } from '#server/${kit}'`
  })
  return `import { app, identity } from 'plinth'
${imports.join('\n')}

export default app({
  kits: [identity, ${kits.join(', ')}],
  actions: [${kits.map((_, at) => `act${at}`).join(', ')}],
})
`
}

const frontText = `import { createClient } from 'plinth/client'
import type app from '#server/server'

const client = createClient<typeof app>({ url: '' })

export async function sum(): Promise<number> {
  const read = await client.data.m5x0.find({
    filter: { stock: { gt: 1 }, state: 'open', owner: { name: 'x' } },
    fields: ['name', 'price', 'stock'],
    include: { owner: true, next: { fields: ['stock'] } },
    sort: ['-placedAt'],
  })
  §
  return read.ok ? (read.value.data[0]?.price.amount ?? 0) : 0
}
`
