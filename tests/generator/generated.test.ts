import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { password, stand } from '../client/stand.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const require = createRequire(import.meta.url)

// What a user of the generator writes: it compiles against the generated types, or the test fails.
const program = `import createClient from 'openapi-fetch'
import type { paths } from './schema.d.ts'

export async function tour(baseUrl: string, email: string, password: string) {
  const guest = createClient<paths>({ baseUrl })
  const session = await guest.POST('/api/identity/sign-in', { body: { email, password } })
  const { token } = session.data as { token: string }
  const client = createClient<paths>({
    baseUrl,
    headers: { authorization: \`Bearer \${token}\` },
    querySerializer: { array: { style: 'form', explode: false } },
  })
  const made = await client.POST('/api/products', {
    body: { sku: 'G-1', name: 'Generated', price: { amount: 250, currency: 'GBP' }, stock: 2 },
  })
  const id = made.data?.id ?? ''
  const listed = await client.GET('/api/products', {
    params: { query: { fields: ['name', 'price'], limit: 5 } },
  })
  const one = await client.GET('/api/products/{id}', { params: { path: { id } } })
  const patched = await client.PATCH('/api/products/{id}', {
    params: { path: { id } },
    body: { stock: 1 },
  })
  const bought = await client.POST('/api/orders/buy', {
    params: { header: { 'Idempotency-Key': '"g-1"' } },
    body: { product: id },
  })
  const again = await client.POST('/api/orders/buy', {
    params: { header: { 'Idempotency-Key': '"g-2"' } },
    body: { product: id },
  })
  const left = bought.data && 'stock' in bought.data ? bought.data.stock : undefined
  const amount: number | undefined = one.data?.price?.amount
  return {
    names: listed.data?.data?.map(({ name }) => name),
    ...{ amount, stock: patched.data?.stock, left, code: again.error?.code },
  }
}
`

test('the OpenAPI document makes a client that works', {
  timeout: 180_000,
}, async (context) => {
  const shop = await stand(context)
  const { email } = await shop.tested.user({ email: 'g@shop.example', password, roles: ['staff'] })
  // Inside the repository, so that the generated client finds its packages; ignored by git.
  const folder = join(root, '.plinth', `generated-${process.pid}`)
  await mkdir(folder, { recursive: true })
  context.after(() => rm(folder, { recursive: true, force: true }))
  const document = await (await fetch(`${shop.url}/openapi.json`)).text()
  await writeFile(join(folder, 'openapi.json'), document)
  const generator = join(root, 'tests/generator/node_modules/openapi-typescript/bin/cli.js')
  const schema = join(folder, 'schema.d.ts')
  // What has a default may be left out, whatever this generator takes it for.
  const choices = ['-o', schema, '--default-non-nullable', 'false']
  await run(process.execPath, [generator, join(folder, 'openapi.json'), ...choices])
  await writeFile(join(folder, 'program.ts'), program)
  const options = { extends: '../../tsconfig.json', include: ['program.ts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const compiler = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc')
  const printed = await run(process.execPath, [compiler, '-p', folder]).then(
    () => '',
    (error: { readonly stdout: string }) => error.stdout,
  )
  assert.equal(printed, '')
  const { tour } = (await import(join(folder, 'program.ts'))) as {
    tour(...given: readonly string[]): Promise<unknown>
  }
  assert.deepEqual(await tour(shop.url, email, password), {
    ...{ names: ['Generated'], amount: 250, stock: 1, left: 0, code: 'sold_out' },
  })
})
