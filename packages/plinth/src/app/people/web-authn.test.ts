import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relyingParty } from './web-authn.ts'

const localUrl = 'http://127.0.0.1:3000'

test('passkeys are made for the address that is configured', () => {
  const at = (publicUrl: string | undefined, production = true) =>
    relyingParty({ production, publicUrl, localUrl })
  assert.deepEqual(at('https://shop.example'), {
    id: 'shop.example',
    origin: 'https://shop.example',
  })
  assert.deepEqual(at('https://www.shop.example:8443/'), {
    id: 'www.shop.example',
    origin: 'https://www.shop.example:8443',
  })
  assert.deepEqual(at('http://localhost:8080'), {
    id: 'localhost',
    origin: 'http://localhost:8080',
  })
  assert.equal(at(undefined), undefined, 'in production nothing is guessed')
  assert.equal(at('http://shop.example'), undefined, 'no browser makes one over http')
  assert.equal(at('https://192.0.2.7'), undefined, 'nor for a number')
  assert.equal(at('https://[2001:db8::1]'), undefined)
  assert.equal(at('http://127.0.0.1:3000'), undefined)
})

test('in development they are made for this machine by name', () => {
  const local = { production: false, publicUrl: undefined }
  const here = { id: 'localhost', origin: 'http://localhost:3000' }
  assert.deepEqual(relyingParty({ ...local, localUrl }), here)
  assert.deepEqual(relyingParty({ ...local, localUrl: 'http://[::1]:3000' }), here)
  const named = relyingParty({ ...local, publicUrl: 'https://shop.test', localUrl })
  assert.equal(named?.id, 'shop.test')
})
