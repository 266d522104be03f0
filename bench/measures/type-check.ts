/** Owns what types cost: the check of a made-up app with many models, by the user's compiler. */

import { join } from 'node:path'
import { run } from '../processes.ts'
import { type Figure, median } from '../table.ts'
import { root, type Scratch } from '../world.ts'
import { kitCount, kitNames, kitTexts, modelsPerKit, writeProject } from './large-app.ts'

const goals = { seconds: 2, megabytes: 1_024 } as const
const runs = 3
// As the script `types` that `plinth new` writes. Each of the compiler's checkers infers the kits
// anew that its files use, so several cost processor time and memory, and win nothing.
const check = ['--checkers', '1', '--extendedDiagnostics']

/** Measures the type-check of an app of 200 models: with its data read in code, and by a client. */
export async function measureTypes(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const models = kitCount * modelsPerKit
  const app = await checkApp(join(scratch.path, 'types'), { text: appText(), tell })
  const client = await checkApp(join(scratch.path, 'client-types'), { text: clientText(), tell })
  const [seconds, megabytes] = app
  return [
    timeFigure(`type-check of ${models} models`, seconds),
    timeFigure(`type-check of a client's use of ${models} models`, client[0]),
    {
      name: `memory of that type-check`,
      value: `${megabytes.toFixed(0)} MB`,
      goal: `≤ ${goals.megabytes} MB`,
      reached: megabytes <= goals.megabytes,
    },
  ]
}

function timeFigure(name: string, seconds: number): Figure {
  const reached = seconds <= goals.seconds
  return { name, value: `${seconds.toFixed(2)} s`, goal: `≤ ${goals.seconds} s`, reached }
}

interface Checking {
  readonly text: string
  readonly tell: (line: string) => void
}

/** The median of time and memory that the compiler takes. */
async function checkApp(
  folder: string,
  { text, tell }: Checking,
): Promise<readonly [seconds: number, megabytes: number]> {
  await writeProject(folder, { files: { ...kitTexts(), 'app.ts': text } })
  const compiler = join(root, 'node_modules', '.bin', 'tsc')
  const seconds: number[] = []
  const megabytes: number[] = []
  for (let round = 0; round < runs; round++) {
    const printed = await run(compiler, [...check, '-p', folder], { cwd: folder })
    seconds.push(numberAfter('Total time', printed))
    megabytes.push(numberAfter('Memory used', printed) / 1_024)
    if (round === 0) {
      const parts = ['Files', 'Types', 'Instantiations', 'Parse time', 'Bind time', 'Check time']
      tell(`types: ${parts.map((part) => `${part} ${numberAfter(part, printed)}`).join(', ')}`)
    }
  }
  return [median(seconds), median(megabytes)]
}

function numberAfter(label: string, printed: string): number {
  const found = new RegExp(`^${label}:\\s+([\\d.]+)`, 'm').exec(printed)
  if (!found) throw new Error(`The compiler does not print ${label}.`)
  return Number(found[1])
}

function appText(): string {
  const kits = kitNames()
  const imports = kits.map((kit) => `import { ${kit} } from './${kit}.ts'`).join('\n')
  const reads = Array.from({ length: kitCount * modelsPerKit }, (_, n) => {
    const [kit, at] = [Math.floor(n / modelsPerKit), n % modelsPerKit]
    return `  const r${n} = await data.m${kit}x${at}.find({
    filter: { stock: { gt: 1 }, state: 'open' },
    include: { owner: true, next: true },
    sort: ['-placedAt'],
  })
  total += r${n}.data[0]?.next?.stock ?? r${n}.data[0]?.price.amount ?? 0`
  }).join('\n')
  return `import { app, identity, type AppModels, type Data } from 'plinth'
${imports}

const kits = [identity, ${kits.join(', ')}] as const
export default app({ kits })

export async function sum(data: Data<AppModels<typeof kits>>): Promise<number> {
  let total = 0
${reads}
  return total
}
`
}

function clientText(): string {
  const kits = kitNames()
  const imports = kits.map((kit) => `import { ${kit} } from './${kit}.ts'`).join('\n')
  const actions = kits.map(
    (kit) => `const act${kit} = ${kit}.action('act', {
  input: { count: integer({ min: 1 }), note: text({ optional: true }) },
  output: { total: integer() },
  allow: anyone,
  failures: { sold_out: { detail: 'Choose another.' } },
  run: async ({ input }) => ({ total: input.count }),
})`,
  )
  const calls = kits.map(
    (kit) => `  const ${kit}Answer = await client.actions.${kit}.act({ count: 1 })
  if (${kit}Answer.ok) total += ${kit}Answer.value.total
  else if (${kit}Answer.failure.code === 'sold_out') total -= 1`,
  )
  const uses = Array.from({ length: kitCount * modelsPerKit }, (_, n) => {
    const [kit, at] = [Math.floor(n / modelsPerKit), n % modelsPerKit]
    const model = `client.data.m${kit}x${at}`
    return `  const r${n} = await ${model}.find({
    filter: { stock: { gt: 1 }, state: 'open', owner: { name: 'x' } },
    fields: ['name', 'price', 'stock'],
    include: { owner: true, next: { fields: ['stock'] } },
    sort: ['-placedAt'],
  })
  if (r${n}.ok) total += r${n}.value.data[0]?.next?.stock ?? r${n}.value.data[0]?.price.amount ?? 0
  await ${model}.update('', { name: 'x', stock: 2 })`
  }).join('\n')
  return `import { anyone, app, identity, integer, text } from 'plinth'
import { createClient } from 'plinth/client'
${imports}

${actions.join('\n')}

const whole = app({
  kits: [identity, ${kits.join(', ')}],
  actions: [${kits.map((kit) => `act${kit}`).join(', ')}],
})
const client = createClient<typeof whole>({ url: '' })

export async function sum(): Promise<number> {
  let total = 0
${calls.join('\n')}
${uses}
  return total
}
`
}
