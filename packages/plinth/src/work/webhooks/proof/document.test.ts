import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { app, integer, kit, standardWebhook, text } from '../../../index.ts'
import { testApp } from '../../../testing/test-app.ts'
import { openReceiver } from './receiver.ts'
import { openShop } from './shop.ts'

interface Document {
  readonly paths: Readonly<Record<string, unknown>>
  readonly webhooks?: Readonly<
    Record<
      string,
      {
        readonly post: {
          readonly requestBody: {
            readonly content: Readonly<Record<string, { readonly schema: object }>>
          }
        }
      }
    >
  >
}

test('the document describes every message, and what is delivered is as it says', async (t) => {
  const [plain, cloud] = await Promise.all([openReceiver(t), openReceiver(t)])
  const shop = await openShop(t)
  for (const version of ['', '?v=3.2']) {
    const document = (await shop.request('GET', `/openapi.json${version}`)).json() as Document
    const names = Object.keys(document.webhooks ?? {}).sort()
    assert.deepEqual(names, ['shop.counted', 'shop.placed', 'webhooks.endpointDisabled'])
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never)
    assert.ok(valid, JSON.stringify(errors))
  }
  const document = (await shop.request('GET', '/openapi.json')).json() as Document
  const admin = await shop.user({ roles: ['admin'] })
  await shop.add(admin, { url: plain.url })
  await shop.add(admin, { url: cloud.url, format: 'cloudevents' })
  await shop.order('o1', admin, 5)
  await shop.drain()
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  assert.equal(plain.calls.length + cloud.calls.length, 4)
  for (const { headers, body } of [...plain.calls, ...cloud.calls]) {
    const message = JSON.parse(body) as { readonly type: string }
    const content = document.webhooks?.[message.type]?.post.requestBody.content ?? {}
    const schema = content[String(headers['content-type'])]?.schema ?? false
    assert.ok(ajv.validate(schema, message), `${ajv.errorsText()} ${body}`)
    assert.ok(!ajv.validate(schema, { ...message, data: { order: 7 } }))
  }
})

test('without endpoints no messages are promised; incoming webhooks are paths', async (t) => {
  const desk = kit('desk', {})
  desk.event('counted', { stock: integer(), place: text() })
  desk.webhook('paid', {
    verify: standardWebhook({ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }),
    async run() {},
  })
  const opened = await testApp(app({ kits: [desk] }))
  t.after(() => opened.close())
  const document = (await opened.request('GET', '/openapi.json')).json() as Document
  assert.equal(document.webhooks, undefined)
  assert.ok('/webhooks/desk/paid' in document.paths)
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never)
  assert.ok(valid, JSON.stringify(errors))
})
