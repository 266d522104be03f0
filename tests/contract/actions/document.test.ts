import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { testApp } from 'plinth/testing'
import { lint, metaSchemaErrors } from '../../rest/validators.ts'
import { shopApp } from './shop.ts'

const its = await testApp(shopApp)
after(() => its.close())

interface Operation {
  readonly parameters: readonly { readonly name?: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: unknown }>> }
  readonly responses: Readonly<Record<string, unknown>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly responses: Readonly<Record<string, unknown>> }
}

const document = (await its.request('GET', '/openapi.json')).json() as Document

test('two validators find nothing wrong with the document of an app with actions', async () => {
  assert.deepEqual(await metaSchemaErrors(document), [])
  assert.deepEqual(await lint(document), [])
})

test('an action is described by its input, its answer and its failures', () => {
  const buy = document.paths['/api/products/buy']?.post
  assert.deepEqual(Object.keys(buy?.responses ?? {}).slice(0, 3), ['200', '202', '400'])
  const schema = buy?.requestBody?.content['application/json']?.schema as {
    readonly required: readonly string[]
    readonly properties: Readonly<Record<string, unknown>>
  }
  assert.deepEqual(schema.required, ['product'])
  assert.deepEqual(Object.keys(schema.properties), ['product', 'quantity'])
  const conflict = buy?.responses['409'] as { readonly $ref: string }
  assert.match(conflict.$ref, /sold_out/)
  const named = document.components.responses[conflict.$ref.split('/').at(-1) ?? '']
  assert.match(JSON.stringify(named), /Choose something else/)
})

test('what moves money requires its key; what reads takes parameters', () => {
  const transfer = document.paths['/api/shop/transfer']?.post
  const key = transfer?.parameters.find(({ name }) => name === 'Idempotency-Key')
  assert.equal(key?.required, true)
  const look = document.paths['/api/shop/look']?.get
  assert.deepEqual(
    look?.parameters.map(({ name, required }) => [name, required]),
    [
      ['name', false],
      ['few', false],
    ],
  )
  assert.ok(document.paths['/api/operations/{id}']?.delete)
})
