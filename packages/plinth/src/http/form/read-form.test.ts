import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../base/limits.ts'
import type { HttpRequest } from '../message.ts'
import { readForm, readParameter } from './read-form.ts'

const urlencoded = 'application/x-www-form-urlencoded'

function read(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}) {
  const sent: Readonly<Record<string, string>> = { 'content-type': urlencoded, ...headers }
  const request: Pick<HttpRequest, 'header' | 'body'> = {
    header: (name) => sent[name],
    body: async () => (typeof body === 'string' ? new TextEncoder().encode(body) : body),
  }
  return readForm(request as HttpRequest)
}

test('a form is read as it was typed', async () => {
  const values = await read('email=a%40b.example&name=Ann+%C3%84&empty=&bare&a%2Bb=1%2B1')
  assert.deepEqual(Object.fromEntries(values), {
    email: 'a@b.example',
    name: 'Ann Ä',
    empty: '',
    bare: '',
    'a+b': '1+1',
  })
  assert.equal((await read('')).size, 0)
  assert.equal((await read('a=1', { 'content-type': `${urlencoded}; charset=UTF-8` })).size, 1)
  const names = await read('__proto__=x&constructor=y')
  assert.equal(names.get('__proto__'), 'x')
  assert.equal(names.get('toString'), undefined)
})

test('what two readers could take for different things is refused', async () => {
  const broken = ['a=1&a=2', 'a=%', 'a=%ff', '%zz=1', new Uint8Array([0x61, 0x3d, 0xff])]
  for (const body of broken) await assert.rejects(read(body), { code: 'malformed_body' })
  const many = Array.from({ length: limits.formFieldsMax + 1 }, (_, at) => `f${at}=1`).join('&')
  await assert.rejects(read(many), { code: 'malformed_body' })
  const types = ['', 'text/plain', 'application/json', `${urlencoded}; charset=latin1`]
  for (const type of [...types, 'multipart/form-data; boundary=x', `${urlencoded}x`]) {
    const asked = read('a=1', { 'content-type': type })
    await assert.rejects(asked, { code: 'unsupported_media_type' }, type)
  }
  const zipped = read('a=1', { 'content-encoding': 'gzip' })
  await assert.rejects(zipped, { code: 'unsupported_media_type' })
})

test('a parameter is read once, or not at all', () => {
  assert.equal(readParameter('next=%2Forders%3Fa%3D1&x=2', 'next'), '/orders?a=1')
  assert.equal(readParameter('a+b=1&x=', 'x'), '')
  for (const search of ['', 'xnext=1', 'next', 'next=1&next=2', 'next=%', 'next=%ff']) {
    assert.equal(readParameter(search, 'next'), undefined, search)
  }
})
