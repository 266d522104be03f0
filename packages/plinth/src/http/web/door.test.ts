import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { request as ask } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from 'node:zlib'
import { checkWeb, withWeb } from '../../app/delivery/web.ts'
import { Failure } from '../../base/failure.ts'
import { app } from '../../define/kit.ts'
import { HttpServer } from '../server.ts'

const script = `export const words = ${JSON.stringify('many words '.repeat(400))}\n`
const html = `<!doctype html><title>Shop</title><script>document.title = 'Hi'</script>
<script type="module" src="/assets/app-1a2b.js"></script><style></style>`
const secret = 'nobody may see this'
const ends: (() => unknown)[] = []
let home = ''
let port = 0

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'plinth-web-'))
  const put = async (path: string, text: string | Uint8Array) => {
    await mkdir(dirname(join(home, path)), { recursive: true })
    await writeFile(join(home, path), text)
  }
  await put('secret.txt', secret)
  await put('dist/index.html', html)
  await put('dist/assets/app-1a2b.js', script)
  await put('dist/assets/app-1a2b.js.br', brotliCompressSync(`${script}// built\n`))
  await put('dist/assets/old.css', `${'a { color: red }\n'.repeat(100)}`)
  await put('dist/assets/old.css.br', brotliCompressSync('an earlier build'))
  await utimes(join(home, 'dist/assets/old.css.br'), 1, 1)
  await put('dist/logo.png', new Uint8Array([137, 80, 78, 71]))
  await put('dist/über uns.txt', 'us')
  await put('dist/.env', secret)
  await put('dist/.git/config', secret)
  await symlink(join(home, 'secret.txt'), join(home, 'dist/link.txt'))
  await symlink(home, join(home, 'dist/folder'))
  port = await serve('/')
})

after(async () => {
  for (const end of ends) await end()
  await rm(home, { recursive: true, force: true })
})

async function serve(at: string, production = true): Promise<number> {
  const declared = app({ kits: [], web: { folder: 'dist', at } })
  checkWeb(declared)
  const api = () => ({ status: 404, headers: { 'content-type': 'text/x-api' }, body: 'the api' })
  const handler = withWeb(declared, api, { home, production, log: () => undefined })
  const server = new HttpServer({ handler, log: () => undefined })
  ends.push(() => server.close())
  return (await server.listen({ host: '127.0.0.1', port: 0 })).port
}

interface Got {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly text: string
}

/** Asks exactly what is written: `fetch` would mend the address. */
function get(path: string, headers: Record<string, string> = {}, more = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers, agent: false, ...more }
    const request = ask(options, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => {
        const bytes = Buffer.concat(pieces)
        const { statusCode: status, headers: told } = response
        resolve({ status, headers: told, bytes, text: bytes.toString() })
      })
    })
    request.once('error', reject).end()
  })
}

const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

test('a page answers for every address of a browser, and for nothing else', async () => {
  for (const path of ['/', '/basket', '/products/lamp']) {
    const { status, text, headers } = await get(path, page)
    assert.equal(status, 200, path)
    assert.equal(text, html)
    assert.equal(headers['cache-control'], 'no-cache')
  }
  assert.equal((await get('/basket')).text, 'the api', 'programs are told as before')
  assert.equal((await get('/assets/gone-99.js', page)).text, 'the api', 'a file is missing')
  assert.equal((await get('/api/products', page)).text, 'the api')
  assert.equal((await get('/docs', page)).text, 'the api')
  assert.equal((await get('/basket', page, { method: 'POST' })).text, 'the api')
})

test('no script runs but those of the folder and of the page itself', async () => {
  const { headers } = await get('/', page)
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /script-src 'self' 'sha256-[\w+/]{43}='(?:;|$)/)
  assert.match(policy, /style-src 'self'(?:;|$)/, 'an empty style asks for nothing')
  assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe/)
  assert.equal(headers['x-content-type-options'], 'nosniff')
})

test('names with hashes are kept for a year, other files asked for anew', async () => {
  const { headers } = await get('/assets/app-1a2b.js')
  assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal(headers['content-type'], 'text/javascript; charset=utf-8')
  const logo = await get('/logo.png', page)
  assert.equal(logo.headers['cache-control'], 'no-cache')
  assert.equal(logo.headers['content-type'], 'image/png')
  assert.equal(logo.bytes.length, 4)
  const again = await get('/logo.png', { 'if-none-match': `W/"x", ${logo.headers.etag}` })
  assert.deepEqual([again.status, again.bytes.length], [304, 0])
  assert.equal((await get('/%C3%BCber%20uns.txt')).text, 'us')
})

test('files are compressed: by the build, or once when they are asked for', async () => {
  const built = await get('/assets/app-1a2b.js', { 'accept-encoding': 'gzip, deflate, br' })
  assert.equal(built.headers['content-encoding'], 'br')
  assert.equal(brotliDecompressSync(built.bytes).toString(), `${script}// built\n`)
  assert.equal(built.headers.vary, 'accept-encoding')
  const zipped = await get('/assets/app-1a2b.js', { 'accept-encoding': 'gzip, br;q=0' })
  assert.equal(zipped.headers['content-encoding'], 'gzip')
  assert.equal(gunzipSync(zipped.bytes).toString(), script)
  assert.ok(zipped.bytes.length < script.length / 4)
  const plain = await get('/assets/app-1a2b.js')
  assert.equal(plain.headers['content-encoding'], undefined)
  const tags = [built, zipped, plain].map(({ headers }) => headers.etag)
  assert.equal(new Set(tags).size, 3, 'each coding has a tag of its own')
  const older = await get('/assets/old.css', { 'accept-encoding': 'br' })
  assert.match(brotliDecompressSync(older.bytes).toString(), /color: red/, 'not the earlier build')
  const hidden = await get('/assets/app-1a2b.js.br')
  assert.equal(hidden.text, 'the api')
  const small = await get('/logo.png', { 'accept-encoding': 'br' })
  assert.equal(small.headers['content-encoding'], undefined)
})

test('a part is a part of the file as it is', async () => {
  const accept = { 'accept-encoding': 'br' }
  const path = '/assets/app-1a2b.js'
  const first = await get(path, { range: 'bytes=0-5', ...accept })
  assert.deepEqual([first.status, first.text], [206, 'export'])
  assert.equal(first.headers['content-range'], `bytes 0-5/${script.length}`)
  assert.equal((await get(path, { range: 'bytes=-3' })).text, script.slice(-3))
  assert.equal((await get(path, { range: `bytes=${script.length - 2}-` })).text, script.slice(-2))
  const beyond = await get(path, { range: `bytes=${script.length}-` })
  assert.equal(beyond.status, 416)
  assert.equal(beyond.headers['content-range'], `bytes */${script.length}`)
  for (const range of ['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=x']) {
    assert.equal((await get(path, { range })).text, script, range)
  }
  const changed = await get(path, { range: 'bytes=0-5', 'if-range': '"another"' })
  assert.equal(changed.text, script, 'of another content no part is put together')
})

test('nothing outside of the folder is served, and nothing hidden in it', async () => {
  const paths = [
    ...['/../secret.txt', '/assets/../../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt'],
    ...['/..%5csecret.txt', '/assets/..%2F..%2Fsecret.txt', '/.env', '/%2eenv', '/.git/config'],
    ...['/link.txt', '/folder/secret.txt', '/assets//app-1a2b.js', '/assets/', '//secret.txt'],
    ...['/secret.txt%00.js', '/dist/../secret.txt', '/__proto__', '/constructor', '/toString'],
  ]
  for (const path of paths) {
    for (const headers of [{}, page]) {
      const { status, text } = await get(path, headers)
      assert.ok(!text.includes(secret), path)
      assert.ok(!text.includes('many words'), path)
      assert.ok(status === 404 || status === 400 || text === html, `${path}: ${status}`)
    }
  }
})

test('below an address of its own nothing but the front end answers', async () => {
  const kept = port
  port = await serve('/shop')
  try {
    assert.equal((await get('/shop', page)).text, html)
    assert.equal((await get('/shop/basket', page)).text, html)
    assert.equal((await get('/shop/assets/app-1a2b.js')).text, script)
    assert.equal((await get('/basket', page)).text, 'the api')
    assert.equal((await get('/shop/nothing.js')).status, 404)
    const posted = await get('/shop/basket', {}, { method: 'POST' })
    assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD'])
    const head = await get('/shop', page, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers['content-length']], [200, String(html.length)])
  } finally {
    port = kept
  }
})

test('in development what is built anew is served at once; in production never', async () => {
  const kept = port
  const strict = port
  port = await serve('/', false)
  await writeFile(join(home, 'dist/index.html'), 'the next build')
  assert.equal((await get('/', page)).text, 'the next build')
  port = strict
  assert.equal((await get('/', page)).text, html)
  await writeFile(join(home, 'dist/index.html'), html)
  port = kept
})

test('a folder that is missing is told: in production it ends the start', () => {
  const declared = app({ kits: [], web: { folder: 'nowhere' } })
  const said: string[] = []
  const setup = { home, log: ({ message }: { message: string }) => void said.push(message) }
  const api = () => ({ status: 404, headers: {}, body: null })
  withWeb(declared, api, { ...setup, production: false })
  assert.match(said.join(), /there is no folder .*nowhere: build the front end first/)
  const start = () => withWeb(declared, api, { ...setup, production: true })
  assert.throws(start, (error) => error instanceof Failure && /build the front/.test(error.message))
})

test('what is declared wrong is told with its cure', () => {
  const start = () => 'x' as never
  const wrong: readonly (readonly [Parameters<typeof app>[0], RegExp])[] = [
    [{ kits: [], web: { folder: 'a', at: 'shop' } }, /such as \/shop/],
    [{ kits: [], web: { folder: 'a', at: '/a/b' } }, /one part/],
    [{ kits: [], web: { folder: 'a', at: '/api' } }, /answers itself/],
    [{ kits: [], web: { folder: 'a', hashed: '../x' } }, /one folder/],
    [{ kits: [], web: { folder: 'a' }, pages: { start } }, /both want/],
    [{ kits: [], web: { folder: 'a', policy: { 'img-src': ['a b'] } } }, /no source/],
    [{ kits: [], web: { folder: 'a', policy: { 'Img src': [] } } }, /no directive/],
    [
      { kits: [], web: { folder: 'a', policy: { 'script-src': ["'unsafe-inline'"] } } },
      /put scripts into files/,
    ],
  ]
  for (const [spec, cure] of wrong) assert.throws(() => checkWeb(app(spec)), cure)
})
