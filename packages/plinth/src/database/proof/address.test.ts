/** Owns the proofs of DATABASE_URL. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { parseDatabaseUrl, tlsOf } from '../address.ts'

test('a URL is read whole', () => {
  const address = parseDatabaseUrl('postgres://me:p%40ss%2Fword@db.example:6543/shop')
  assert.deepEqual(address, {
    host: 'db.example',
    port: 6543,
    user: 'me',
    password: 'p@ss/word',
    database: 'shop',
  })
  assert.equal(parseDatabaseUrl('postgresql://me@[::1]/x').host, '::1')
  assert.equal(parseDatabaseUrl('postgresql://me@%2Fvar%2Frun/x').host, '/var/run')
  assert.equal(parseDatabaseUrl('postgresql://me@/x?host=/var/run').host, '/var/run')
  const short = parseDatabaseUrl('postgresql://me@host')
  assert.deepEqual([short.port, short.database], [5432, 'me'])
})

test('encryption follows sslmode as in libpq', () => {
  const tls = (query: string) => tlsOf(parseDatabaseUrl(`postgres://me@h/d${query}`))
  assert.equal(tls(''), undefined)
  assert.equal(tls('?sslmode=disable'), undefined)
  assert.deepEqual(tls('?sslmode=require'), { verify: 'none' })
  assert.deepEqual(tls('?sslmode=require&sslrootcert=/ca.pem'), {
    verify: 'authority',
    authorityFile: '/ca.pem',
  })
  assert.deepEqual(tls('?sslmode=verify-full&sslrootcert=system'), { verify: 'full' })
})

test('mistakes are named, and the password is not', () => {
  const wrong = [
    'mysql://me:hunter2@h/d',
    'postgres://:hunter2@h/d',
    'postgres://me:hunter2@h:x/d',
    'postgres://me:hunter2@h:70000/d',
    'postgres://me:hunter2@a,b/d',
    'postgres://me:hunter2%zz@h/d',
    'postgres://me:hunter2@h/d?sslmode=prefer',
    'postgres://me:hunter2@h/d?sslmod=require',
  ]
  for (const url of wrong) {
    assert.throws(
      () => parseDatabaseUrl(url),
      (error: Error) => {
        assert.equal('code' in error && error.code, 'configuration_invalid')
        assert.doesNotMatch(inspect(error), /hunter2/)
        return true
      },
      url,
    )
  }
})
