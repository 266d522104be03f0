import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { compileCatalog } from '../../catalog/compile.ts'
import { app, choice, instant, integer, kit, money, text } from '../../index.ts'
import { adviceOnCode } from './advice.ts'

const catalog = compileCatalog(
  app({
    kits: [
      kit('shop', {
        models: {
          product: { fields: { name: text(), stock: integer({ min: 0 }), price: money('GBP') } },
          coupon: {
            fields: {
              usedAt: instant({ optional: true }),
              status: choice(['open', 'closed']),
            },
          },
        },
      }),
    ],
  }),
)

async function folderOf(
  context: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-advice-'))
  context.after(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'logic'))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

/** The advice on one function of an app: lines and what they are about. */
async function advised(context: TestContext, body: string): Promise<string[]> {
  const content = `export const run = async ({ data, input }: Scope) => {\n${body}\n}\n`
  const folder = await folderOf(context, { 'app.ts': content })
  const advice = await adviceOnCode(catalog, join(folder, 'app.ts'))
  return advice.map(
    ({ place, detail }) => `${place.replace(/^.*app\.ts:/, '')} ${detail.split(' ')[0]}`,
  )
}

test('an app is told where it reads and then writes, in its own files alone', async (context) => {
  const folder = await folderOf(context, {
    'app.ts': `#!/usr/bin/env node
import { app } from 'plinth'
import type { Scope } from './logic/types.ts'
export * from './logic/sell.ts'
export default app({ kits: [] })\n`,
    'logic/sell.ts': `import { other } from '../other.mjs'
export async function sell({ data, input }: { data: any; input: { id: string } }): Promise<void> {
  const p = await data.product.get(input.id)

  await data.unrestricted.product.update(p.id, { stock: p.stock - 1 } satisfies object)
}\n`,
    'other.mjs': `export const other = async ({ data }) => {
  const { data: [coupon] } = await data.coupon.find({ limit: 1 })
  if (coupon.usedAt) return
  await data.coupon.update(coupon.id, { usedAt: 'now' })
}\n`,
    'unrelated.ts': 'enum NotErasable { a }',
  })
  const advice = await adviceOnCode(catalog, join(folder, 'app.ts'))
  assert.deepEqual(
    advice.map(({ place }) => place),
    [join(folder, 'logic/sell.ts:5'), join(folder, 'other.mjs:4')],
  )
  assert.match(advice[0]?.detail ?? '', /^product\.stock is read .* takeWithinLimit, giveBack/)
})

test('what is judged and then set counts, a status does not', async (context) => {
  assert.deepEqual(
    await advised(
      context,
      `const coupon = await data.coupon.get(input.id)
      if (coupon.status !== 'open' || coupon.usedAt !== null) throw new Error('used')
      await data.coupon.update(coupon.id, { status: 'closed', usedAt: input.now })`,
    ),
    ['4 coupon.usedAt'],
  )
  assert.deepEqual(
    await advised(
      context,
      `const { stock, name, id } = await data.product.get(input.id)
      await data.product.update(id, { name: name + '!', stock: Math.max(0, stock - 1) })`,
    ),
    ['3 product.stock'],
  )
})

test('locks, versions, takes and other records are right', async (context) => {
  const bodies = [
    `const p = await data.product.lock(input.id)
    await data.product.update(p.id, { stock: p.stock - 1 })`,
    `const p = await data.product.get(input.id)
    await data.product.update(p.id, { stock: p.stock - 1 }, { version: p.version })`,
    `const p = await data.product.get(input.id)
    if (p.stock > 0) await data.product.takeWithinLimit(p.id, { from: 'stock' })
    await data.product.update(p.id, { name: 'x' })`,
    `const c = await data.coupon.get(input.id)
    if (c.usedAt) await data.product.update(input.other, { stock: 0 })`,
    `const found = list.find((one) => one.stock > 1)
    await data.product.update(found.id, { stock: found.stock })`,
  ]
  for (const body of bodies) assert.deepEqual(await advised(context, body), [], body)
})
