import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AppFolder, appFolder } from './process.ts'

const root = join(import.meta.dirname, '../../../../..')
const compiler = join(root, 'node_modules/typescript/bin/tsc')

const options = {
  ...{ target: 'esnext', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true },
  ...{ noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
  ...{ allowImportingTsExtensions: true, verbatimModuleSyntax: true, types: ['node'] },
  ...{ customConditions: ['source'], lib: ['esnext', 'dom'] },
}

/** A folder with an app, and with a front end in `web` that reads its declared types. */
async function projectFolder(t: TestContext, app: string): Promise<AppFolder> {
  const folder = await appFolder(t, app)
  for (const name of ['typescript', '@typescript', '@types']) {
    await symlink(join(root, 'node_modules', name), join(folder.path, 'node_modules', name))
  }
  const back = { compilerOptions: options, include: ['*.ts'] }
  await folder.write('tsconfig.json', JSON.stringify(back))
  const paths = { '#server/*': ['../.plinth/types/*.d.ts', '../*.ts'] }
  const web = { extends: '../tsconfig.json', compilerOptions: { paths }, include: ['*.ts'] }
  await mkdir(join(folder.path, 'web'))
  await folder.write('web/tsconfig.json', JSON.stringify(web))
  return folder
}

const declared = '.plinth/types/app.d.ts'

/** What the compiler says of the front end, and which files of ours it read for that. */
async function compileWeb(
  folder: AppFolder,
): Promise<{ readonly told: string; readonly files: readonly string[] }> {
  const { data } = await folder.runNode([compiler, '-p', 'web', '--listFiles', '--pretty', 'false'])
  const lines = data.split('\n')
  const files = lines.filter((line) => line.startsWith('/'))
  const own = files.filter((line) => line.startsWith(folder.path) && !/node_modules/.test(line))
  return {
    told: lines.filter((line) => !line.startsWith('/')).join('\n'),
    files: own.map((file) => file.slice(folder.path.length + 1)),
  }
}

const shop = await readFile(join(root, 'tests/client/shop.ts'), 'utf8')
const uses = await readFile(join(root, 'tests/types/client.ts'), 'utf8')

/** Models by their members: the same type however it was come by. */
const same = `
import type app from '#server/app'
import type { App } from 'plinth'
import type inferred from '../app.ts'
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Models<S> = { [K in keyof S]: S[K] }
type Parts<T> = T extends App<infer S, infer A> ? { models: Models<S>; actions: A } : 0
export const models: Same<Parts<typeof app>['models'], Parts<typeof inferred>['models']> = true
export const actions: Same<Parts<typeof app>['actions'], Parts<typeof inferred>['actions']> = true
// @ts-expect-error as a proof that the comparison looks at something
export const other: Same<Parts<typeof app>['models'], Parts<typeof app>['actions']> = true
`

test('types: what is written is exactly what the sources say', async (t) => {
  const folder = await projectFolder(t, `${shop}\nexport { shopApp as default }\n`)
  const text = uses.replace("'../client/shop.ts'", "'#server/app'")
  await folder.write('web/uses.ts', text)
  const wrong = text.replace("{ fields: ['name'] })", "{ fields: ['nmae'] })")
  assert.notEqual(wrong, text)

  const before = await compileWeb(folder)
  assert.equal(before.told.trim(), '')
  assert.ok(before.files.includes('app.ts'), 'without declarations the sources are read')
  await folder.write('web/uses.ts', wrong)
  const inferred = await compileWeb(folder)
  assert.match(inferred.told, /Did you mean '"name"'\?|not assignable to type/)
  await folder.write('web/uses.ts', text)

  const written = await folder.run(['types'])
  assert.equal(written.code, 0, written.told)
  assert.match(written.told, /Wrote \.plinth\/types\/app\.d\.ts in [\d.]+ s/)
  const after = await compileWeb(folder)
  assert.equal(after.told.trim(), '')
  assert.ok(after.files.includes(declared))
  assert.ok(!after.files.includes('app.ts'), 'and with them not one of the sources')
  await folder.write('web/uses.ts', wrong)
  assert.equal(
    (await compileWeb(folder)).told,
    inferred.told,
    'mistakes are told in the same words',
  )
  await folder.write('web/uses.ts', text)
  await folder.write('web/same.ts', same)
  assert.equal((await compileWeb(folder)).told.trim(), '')
})

const small = (field = ''): string => `
import { anyone, app, kit, text } from 'plinth'
const shop = kit('shop', {
  models: { product: { fields: { sku: text(), ${field} }, access: { read: anyone } } },
})
export default app({ kits: [shop] })
`

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds().catch(() => false)); tries += 1) {
    assert.ok(tries < 600, what)
    await sleep(100)
  }
}

test('dev --types follows each save, and never leaves types that are not the app’s', async (t) => {
  const folder = await projectFolder(t, small())
  const types = (): Promise<string> => readFile(join(folder.path, declared), 'utf8')
  assert.equal((await folder.run(['types'])).code, 0, 'before there is any data')
  assert.match(await types(), /sku/)
  const served = await folder.serve(['dev', '--types'])
  await folder.write('app.ts', small('colour: text({ optional: true })'))
  await until('a new field is declared', async () => /colour/.test(await types()))

  await folder.write('app.ts', small('broken: text({ optional: '))
  await served.untilTold(/SyntaxError/)
  assert.equal((await folder.run(['types'])).code, 1)
  assert.match(await types(), /colour/, 'a save that cannot be parsed changes nothing')

  const hidden = '\nexport const Held = class { private held = 1 }\n'
  await folder.write('app.ts', small('colour: text({ optional: true })') + hidden)
  await served.untilTold(/types of the app cannot be written/)
  assert.equal(existsSync(join(folder.path, declared)), false, 'so editors read the sources')
  const told = await folder.run(['types'])
  assert.equal(told.code, 0, 'nothing is wrong with such an app')
  assert.match(told.told, /cannot be written.*\n.*error TS\d+: .*'held'/)

  await folder.write(
    'app.ts',
    small('colour: text({ optional: true }), size: text({ optional: true })'),
  )
  await until('what was mended is declared', async () => /size/.test(await types()))
})

const kitFile = (field = ''): string => `
import { anyone, kit, text } from 'plinth'
export const shop = kit('shop', {
  models: { product: { fields: { sku: text(), ${field} }, access: { read: anyone } } },
})
`

const ordersFile = `
import { belongsTo, kit } from 'plinth'
import { shop } from '#server/shop'
export const orders = kit('orders', {
  uses: [shop],
  models: { line: { fields: { product: belongsTo('product') } } },
})
export const count = orders.action('count', {
  allow: ({ me }) => me.signedIn,
  async run({ data }) {
    await data.product.find({ filter: { sku: 'x' } })
  },
})
`

const appFile = `
import { app } from 'plinth'
import { count, orders } from '#server/orders'
import { shop } from '#server/shop'
export default app({ kits: [shop, orders], actions: [count] })
`

test('types: kits that read each other’s declarations are written from the sources', async (t) => {
  const folder = await projectFolder(t, appFile)
  const manifest = { type: 'module', private: true, imports: { '#server/*': './*.ts' } }
  await folder.write('package.json', JSON.stringify(manifest))
  const paths = { '#server/*': ['./.plinth/types/*.d.ts', './*.ts'] }
  const config = { compilerOptions: { ...options, paths }, include: ['*.ts'] }
  await folder.write('tsconfig.json', JSON.stringify(config))
  await folder.write('shop.ts', kitFile())
  await folder.write('orders.ts', ordersFile)
  assert.equal((await folder.run(['check'])).code, 0, 'Node finds the kits by the same names')
  const compile = (): Promise<{ readonly data: string }> =>
    folder.runNode([compiler, '-p', '.', '--traceResolution', '--pretty', 'false'])
  const types = (): Promise<string> => readFile(join(folder.path, declared), 'utf8')

  assert.equal((await folder.run(['types'])).code, 0)
  const { data } = await compile()
  assert.match(
    data,
    /'#server\/shop' was successfully resolved to '.*\.plinth\/types\/shop\.d\.ts'/,
  )
  assert.doesNotMatch(data, /error TS/)
  await folder.write('shop.ts', kitFile('colour: text({ optional: true })'))
  assert.doesNotMatch(await types(), /colour/)
  assert.equal((await folder.run(['types'])).code, 0)
  assert.match(await types(), /colour/, 'and not from what was written before')
  await folder.write('orders.ts', ordersFile.replace("sku: 'x'", 'colour: 1'))
  assert.match((await compile()).data, /orders\.ts\(\d+,\d+\): error TS\d+: Type 'number'/)
})

test('types: without a compiler they say how to get one', async (t) => {
  const folder = await appFolder(t, small())
  const { code, told } = await folder.run(['types'])
  assert.equal(code, 2)
  assert.match(told, /npm install --save-dev typescript/)
})
