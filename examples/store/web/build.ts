/** Owns the build of the storefront: one script, one style sheet, named by their content. */

import { createHash } from 'node:crypto'
import { globSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

const home = import.meta.dirname
const output = join(home, 'dist')

/** What was built, and how much of it travels. */
interface Built {
  readonly name: string
  readonly bytes: number
  readonly compressedBytes: number
}

/** Puts a file into its place at once: whoever serves meanwhile never meets half of one. */
async function place(name: string, content: string | Uint8Array): Promise<void> {
  const half = join(output, `.${name.replace('/', '-')}-${process.pid}`)
  await writeFile(half, content)
  await rename(half, join(output, name))
}

/** Writes a file under a name that changes with it, compressed as well. */
async function put(stem: string, ending: string, text: string): Promise<Built> {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10)
  const name = `assets/${stem}-${hash}.${ending}`
  const small = brotliCompressSync(text)
  await place(name, text)
  await place(`${name}.br`, small)
  await place(`${name}.gz`, gzipSync(text, { level: 9 }))
  return { name, bytes: Buffer.byteLength(text), compressedBytes: small.length }
}

async function script(): Promise<string> {
  const bundle = await rolldown({
    input: join(home, 'src/main.tsx'),
    platform: 'browser',
    // In this repository Plinth's own sources; elsewhere what was published.
    resolve: { conditionNames: ['source', 'browser', 'import', 'default'] },
    transform: { define: { 'process.env.NODE_ENV': '"production"' }, jsx: 'react-jsx' },
  })
  const { output: chunks } = await bundle.generate({ minify: true, codeSplitting: false })
  await bundle.close()
  return chunks[0].code
}

async function styles(): Promise<string> {
  const files = globSync(join(home, 'src/style/*.css')).sort()
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n')
}

await mkdir(join(output, 'assets'), { recursive: true })
const built = [await put('shop', 'js', await script()), await put('shop', 'css', await styles())]
const [js, css] = built
const page = (await readFile(join(home, 'src/index.html'), 'utf8'))
  .replace('{{script}}', `/shop/${js?.name}`)
  .replace('{{styles}}', `/shop/${css?.name}`)
await place('index.html', page)
// What an earlier build has left.
for (const name of await readdir(join(output, 'assets'))) {
  if (built.every((one) => !`assets/${name}`.startsWith(one.name))) {
    await rm(join(output, 'assets', name), { force: true })
  }
}
for (const { name, bytes, compressedBytes } of built) {
  const kilobytes = (count: number) => `${(count / 1_024).toFixed(1)} KB`
  process.stdout.write(`${name}  ${kilobytes(bytes)}, ${kilobytes(compressedBytes)} compressed\n`)
}
