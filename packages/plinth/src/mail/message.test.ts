import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../base/failure.ts'
import { text } from '../define/fields.ts'
import { html } from '../define/html.ts'
import { kit } from '../define/kit.ts'
import type { Mail } from '../define/logic/logic.ts'
import { mailContent, mailProblem } from './message.ts'
import { parseSender, parseSmtpUrl } from './settings.ts'

const shop = kit('shop', {})
const receipt = shop.mail('receipt', {
  input: { name: text() },
  subject: ({ name }) => `Thank you, ${name}`,
  text: ({ name }) => `Dear ${name}`,
  html: ({ name }) => html`<p>Dear ${name}</p>`,
}) as unknown as Mail

function content(name: string, more: { to?: readonly string[]; replyTo?: string } = {}) {
  const { to = ['ann@home.example'], replyTo } = more
  return mailContent(receipt, { to, replyTo, input: { name } })
}

function problemsOf(work: () => unknown): readonly string[] {
  let pointers: readonly string[] = []
  assert.throws(work, (error) => {
    assert.ok(error instanceof Failure && error.code === 'invalid_input')
    pointers = error.problems.map(({ pointer }) => pointer)
    return true
  })
  return pointers
}

test('a template is filled in, and its HTML is escaped', () => {
  assert.deepEqual(content('<Ann>', { replyTo: 'Help@Shop.example' }), {
    from: null,
    to: ['ann@home.example'],
    replyTo: 'help@shop.example',
    subject: 'Thank you, <Ann>',
    text: 'Dear <Ann>',
    html: '<p>Dear &lt;Ann&gt;</p>',
  })
  assert.deepEqual(content('A', { to: ['A@b.example', 'a@b.example'] }).to, ['a@b.example'])
})

test('L02: no subject becomes a header of its own', () => {
  for (const evil of ['a\r\nBcc: x@y.example', 'a\nb', 'a\rb', 'a\0b', 'a\u2028b', 'a\u0085b']) {
    assert.deepEqual(
      problemsOf(() => content(evil)),
      ['/subject'],
      JSON.stringify(evil),
    )
  }
  assert.deepEqual(
    problemsOf(() => content('x'.repeat(300))),
    ['/subject'],
  )
})

test('L02: no address smuggles a second one, a name or a header', () => {
  const evil = [
    'a@b.example, c@d.example',
    'Ann <a@b.example>',
    'a@b.example\r\nBcc: c@d.example',
    '"a@b.example"@c.example',
    'a@b.example>',
    '<a@b.example>',
    'a@[127.0.0.1]',
    'a@b',
    '',
    'a b@c.example',
    'a@b.example;c@d.example',
    'group: a@b.example;',
    `${'a'.repeat(65)}@b.example`,
    '-oQ/tmp@b.example '.trim().replace('@', '\n@'),
  ]
  for (const address of evil) {
    assert.deepEqual(
      problemsOf(() => content('A', { to: [address] })),
      ['/to/0'],
      address,
    )
    assert.deepEqual(
      problemsOf(() => content('A', { replyTo: address })),
      ['/replyTo'],
      address,
    )
  }
  assert.deepEqual(
    problemsOf(() => content('A', { to: [] })),
    ['/to'],
  )
  const many = Array.from({ length: 51 }, (_, at) => `a${at}@b.example`)
  assert.deepEqual(
    problemsOf(() => content('A', { to: many })),
    ['/to'],
  )
})

test('L02: whatever is written to, what passes is one plain address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.emailAddress()), (address) => {
      try {
        const [one = ''] = content('A', { to: [address] }).to
        assert.match(one, /^[^\s<>,;:"()[\]\\@]+@[a-z0-9.-]+$/)
      } catch (error) {
        assert.ok(error instanceof Failure)
      }
    }),
  )
})

test('a sender is an address, with or without a name', () => {
  assert.deepEqual(parseSender('shop@shop.example'), { name: '', address: 'shop@shop.example' })
  const named = { name: 'The Shop', address: 'shop@shop.example' }
  assert.deepEqual(parseSender('The Shop <shop@shop.example>'), named)
  assert.deepEqual(parseSender('"The Shop" <shop@shop.example>'), named)
  for (const wrong of ['', 'shop', 'The Shop', 'a <b', 'a\r\nBcc: x <shop@shop.example>']) {
    assert.equal(parseSender(wrong), undefined, wrong)
  }
  assert.match(mailProblem({ ...receipt, from: 'nobody' }) ?? '', /sender/)
  assert.equal(mailProblem(receipt), undefined)
})

test('an address of a mail server says everything, and its mistakes without the password', () => {
  assert.deepEqual(parseSmtpUrl('smtp://ann:p%40ss@mail.example.com'), {
    ...{ host: 'mail.example.com', port: 587, encryption: 'demanded' },
    ...{ user: 'ann', password: 'p@ss' },
  })
  assert.deepEqual(parseSmtpUrl('smtps://mail.example.com'), {
    ...{ host: 'mail.example.com', port: 465, encryption: 'at once' },
    ...{ user: undefined, password: undefined },
  })
  const plain = parseSmtpUrl('smtp://[::1]:25?tls=off')
  assert.ok('host' in plain)
  assert.deepEqual([plain.host, plain.port, plain.encryption], ['::1', 25, 'off'])
  for (const wrong of [
    'mail.example.com',
    'http://ann:hunter2@mail.example.com',
    'smtp://ann:hunter2@mail.example.com/path',
    'smtp://ann:hunter2@mail.example.com?tls=maybe',
    'smtp://ann:hunter2@mail.example.com?pool=true',
    'smtps://ann:hunter2@mail.example.com?tls=off',
    'smtp://ann:hunter2%zz@mail.example.com',
    'smtp://',
  ]) {
    const result = parseSmtpUrl(wrong)
    assert.ok('wrong' in result, wrong)
    assert.doesNotMatch(result.wrong, /hunter2/)
  }
})
