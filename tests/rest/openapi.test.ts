import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { present } from '../../packages/plinth/src/base/assert.ts'
import { Failure, failureKinds } from '../../packages/plinth/src/base/failure.ts'
import { openApiDocument } from '../../packages/plinth/src/rest/openapi/document.ts'
import { exampleInput, type Schema } from '../../packages/plinth/src/rest/openapi/schemas.ts'
import { routes } from '../../packages/plinth/src/rest/route/routes.ts'
import { catalog, stand } from './fixture.ts'
import { lint, metaSchemaErrors } from './validators.ts'

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

interface Described {
  readonly operationId: string
  readonly responses: Readonly<Record<string, { readonly $ref?: string }>>
}

function documentOf(form: '3.1' | '3.2'): Document {
  const options = { catalog, routes: routes(catalog), title: 'Shop', version: '1', form }
  return JSON.parse(JSON.stringify(openApiDocument({ ...options, cookieName: '__Host-sid' })))
}

const document = documentOf('3.1')
const { schemas } = document.components

for (const form of ['3.1', '3.2'] as const) {
  test(`the document ${form} is valid by its meta-schema and by a second validator`, async () => {
    assert.deepEqual(await metaSchemaErrors(documentOf(form)), [])
    assert.deepEqual(await lint(documentOf(form)), [])
  })
}

test('both validators find what is wrong', async () => {
  const wrong = { ...document, paths: { '/a/{b}': { get: { responses: 1 } } } }
  assert.notDeepEqual(await metaSchemaErrors(wrong), [])
  assert.notDeepEqual(await lint(wrong), [])
})

test('the document names the address that the world reaches the app by', async () => {
  const servers = async (publicUrl?: string) => {
    const shop = await stand(publicUrl === undefined ? {} : { publicUrl })
    const { servers: told } = (await shop.send('GET', '/openapi.json')).json()
    await shop.close()
    return (told as { url: string }[]).map(({ url }) => url)
  }
  assert.deepEqual(await servers(), ['/'])
  assert.deepEqual(await servers('https://shop.example/base'), ['https://shop.example/base', '/'])
  const options = { catalog, routes: routes(catalog), title: 'Shop', version: '1' }
  const named = {
    ...options,
    cookieName: 'a',
    publicUrl: 'https://shop.example',
    form: '3.1',
  } as const
  assert.deepEqual(await metaSchemaErrors(openApiDocument(named)), [])
})

test('3.2 says what 3.1 cannot: QUERY', () => {
  assert.equal(document.openapi, '3.1.1')
  assert.equal(document.paths['/api/products']?.query, undefined)
  assert.equal(documentOf('3.2').paths['/api/products']?.query?.operationId, 'product.query.body')
})

test('3.2 says what a followed read tells; and messages fit their schemas', () => {
  const { paths, components } = documentOf('3.2')
  const described = present(paths['/api/products']?.get, 'the list of products')
  const { content } = described.responses['200'] as unknown as Streamed
  assert.deepEqual(content['text/event-stream'], {
    itemSchema: { $ref: '#/components/schemas/Product.event' },
  })
  assert.equal(JSON.stringify(document).includes('event-stream'), false)
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true })
  formats.default(validate)
  validate.addKeyword({ keyword: 'components' })
  validate.addKeyword({ keyword: 'example' })
  validate.addSchema({ $id: 'app:', components })
  const fits = validate.compile({ $ref: 'app:#/components/schemas/Product.event' })
  const told = (event: string, data: object, id?: string) => {
    return fits({ event, data: JSON.stringify(data), ...(id === undefined ? {} : { id }) })
  }
  assert.ok(told('result', { rows: [], more: false }, 'run.0.digest'))
  assert.ok(told('changes', { changes: [{ is: 'leave', id: 'x' }] }, 'run.1.digest'))
  assert.ok(told('resumed', {}, 'run.1.digest'))
  assert.ok(told('gap', { reason: 'slow' }))
  assert.ok(told('end', { code: 'forbidden', status: 403, title: '', detail: '' }))
  assert.equal(told('result', { rows: [] }), false, 'a result has a cursor')
  assert.equal(told('other', {}), false)
  const inside = 'app:#/components/schemas/Product.event/oneOf/1/properties/data/contentSchema'
  const changes = validate.compile({ $ref: inside })
  assert.ok(changes({ changes: [{ is: 'move', id: emptyId, after: null }], more: true }))
  assert.equal(changes({ changes: [{ is: 'move', id: emptyId }] }), false, 'a move has a place')
})

const emptyId = '00000000-0000-0000-0000-000000000000'

interface Streamed {
  readonly content: Readonly<Record<string, unknown>>
}

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
// ajv's own build of the package has its function under `default`.
formats.default(ajv)
ajv.addKeyword({ keyword: 'components' })
ajv.addKeyword({ keyword: 'example' })
ajv.addSchema({ $id: 'app:', components: { schemas } })

function validator(name: string): ValidateFunction {
  return ajv.compile({ $ref: `app:#/components/schemas/${name}` })
}

test('every schema compiles strictly under JSON Schema 2020-12', () => {
  assert.ok(Object.keys(schemas).length > 10)
  for (const name of Object.keys(schemas)) validator(name)
})

test('examples pass the schemas, and the kinds themselves', () => {
  for (const name of Object.keys(schemas)) {
    for (const example of (schemas[name]?.examples ?? []) as readonly unknown[]) {
      const validate = validator(name)
      assert.ok(validate(example), `${name}: ${JSON.stringify(validate.errors)}`)
    }
  }
  const product = present(catalog.models.get('product'), 'product')
  const example = exampleInput(product)
  assert.deepEqual(Object.keys(example).sort(), ['categoryId', 'name', 'note', 'price', 'sku'])
  for (const [name, value] of Object.entries(example)) {
    product.fields.get(name)?.kind.check(value, (_, code) => assert.fail(`${name}: ${code}`))
  }
})

test('input has what callers write, and records what they read', () => {
  const names = (name: string): string[] => Object.keys(schemas[name]?.properties ?? {})
  const written = ['sku', 'name', 'price', 'state', 'note', 'categoryId', 'tagIds']
  assert.deepEqual(names('Product.create').sort(), [...written].sort())
  assert.deepEqual(names('Product.update').sort(), [...written].sort())
  assert.deepEqual([...((schemas['Product.create']?.required ?? []) as string[])].sort(), [
    'name',
    'price',
    'sku',
  ])
  const base = ['id', 'createdAt', 'updatedAt', 'version']
  const read = [...base, 'sku', 'name', 'price', 'state', 'note', 'categoryId', 'category', 'tags']
  read.push('$more')
  assert.deepEqual(names('Product').sort(), read.sort())
  assert.ok(!validator('Product.create')({ ...exampleOf('Product.create'), margin: 1 }))
  assert.ok(validator('Product.filter')({ state: { in: ['shown'] }, category: { name: 'a' } }))
  assert.ok(!validator('Product.filter')({ margin: 1 }))
  assert.ok(!validator('Product.query')({ include: { vault: true } }))
})

function exampleOf(name: string): object {
  const [example] = (schemas[name]?.examples ?? []) as readonly object[]
  return present(example, name)
}

test('a problem is what the document says', async (context) => {
  const shop = await stand()
  context.after(() => shop.close())
  const validate = validator('Problem')
  for (const path of ['/api/nothing', '/api/products?a=1&b=2', '/docs/x']) {
    const answer = await shop.send('GET', path)
    assert.ok(answer.status >= 400)
    assert.ok(validate(answer.json()), JSON.stringify(validate.errors))
  }
  shop.answer = () => {
    throw new Failure('conflict')
  }
  assert.ok(validate((await shop.send('GET', '/api/products')).json()))
})

test('each operation lists the failures it can give', () => {
  const codes = (path: string, method: string): string => {
    const responses = Object.values(document.paths[path]?.[method]?.responses ?? {})
    return responses.map((response) => response.$ref ?? '').join(' ')
  }
  assert.match(codes('/api/products/{id}', 'patch'), /Problem\.412\.version_mismatch/)
  assert.match(codes('/api/products', 'post'), /Problem\.415\.unsupported_media_type/)
  assert.match(codes('/api/products/{id}', 'delete'), /still_referenced/)
  assert.doesNotMatch(codes('/api/products', 'get'), /version_mismatch|malformed_body/)
  const all = JSON.stringify(document)
  for (const code of ['usage', 'declaration_invalid', 'data_directory'] as const) {
    assert.ok(failureKinds[code])
    assert.ok(!all.includes(code), `no caller ever sees ${code}`)
  }
})
