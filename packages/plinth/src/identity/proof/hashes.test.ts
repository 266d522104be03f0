import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash } from '@node-rs/argon2'
import { argonHasher } from '../../app/passwords/hasher.ts'
import { limits } from '../../base/limits.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { openPeople, password, tokenIn } from './people.ts'

const email = 'ann@people.example'
const weak = Object.freeze({ memoryCost: 8_192, timeCost: 1, parallelism: 1 })

onBothServers('hashes and tries of passwords', (server) => {
  test('a hash of weaker parameters is made anew by the sign-in it lets in', async (context) => {
    const { ask, hashes, tested } = await openPeople(server, context)
    const { id } = await tested.user({ email, password, verified: true })
    const { user } = tested.data
    const old = await hash(password, weak)
    assert.ok(argonHasher.isOld(old))
    await user.update(id, { passwordHash: old })
    const kept = async (): Promise<string> => {
      const { database } = tested.running.runtime
      const text = 'select password_hash from identity."user" where id = $1'
      const { rows } = await database.query({ text, values: [id] })
      return String(rows[0]?.[0])
    }
    const wrong = await ask('identity.signIn', { email, password: 'incorrect horse battery' })
    assert.equal(wrong.status, 401)
    assert.equal(await kept(), old, 'a wrong password changes nothing')
    const session = tokenIn(await ask('identity.signIn', { email, password }))
    const now = await kept()
    assert.match(now, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    const made = hashes.made
    assert.equal((await ask('identity.signIn', { email, password })).status, 200)
    assert.equal(await kept(), now, 'a strong one stays')
    assert.equal(hashes.made, made)
    const stronger = await hash(password, { memoryCost: 32_768, timeCost: 3, parallelism: 1 })
    await user.update(id, { passwordHash: stronger })
    assert.equal((await ask('identity.signIn', { email, password })).status, 200)
    assert.equal(await kept(), stronger, 'a stronger one is not made weaker')
    await user.update(id, { passwordHash: now })
    assert.equal((await ask('identity.me', {}, { token: session })).status, 200)
  })

  test('C07: each stage of tries waits longer, and a reset by mail ends them', async (context) => {
    const { ask, tested } = await openPeople(server, context)
    await tested.user({ email, password, verified: true })
    let networks = 0
    const guess = async (secret: string) => {
      networks += 1
      const remoteAddress = `2001:db8:${networks.toString(16)}::1`
      return (await ask('identity.signIn', { email, password: secret }, { remoteAddress })).status
    }
    let checked = 0
    for (let minute = 0; minute < 6; minute++) {
      for (let index = 0; index < 6; index++) {
        if ((await guess(`wrong ${minute} ${index}`)) === 401) checked += 1
      }
      tested.clock.advance(60_000)
    }
    assert.equal(checked, limits.signInsPerHourPerAccount)
    assert.equal(await guess(password), 429, 'the right one waits, too')
    await ask('identity.forgotPassword', { email })
    await tested.drain()
    const mail = (await tested.mails()).find(({ text }) => text?.includes('plr_'))
    const token = /token=([\w-]+)/.exec(mail?.text ?? '')?.[1]
    const newPassword = 'another horse battery'
    assert.equal((await ask('identity.resetPassword', { token, newPassword })).status, 204)
    assert.equal(await guess(newPassword), 200, 'whoever reads the mails is let in')
  })

  test('C07: a day of tries ends, however they are spread over its hours', async (context) => {
    const { ask, tested } = await openPeople(server, context)
    await tested.user({ email, password, verified: true })
    let asked = 0
    const guess = async (secret: string) => {
      asked += 1
      const remoteAddress = `2001:db8:${asked.toString(16)}::1`
      return (await ask('identity.signIn', { email, password: secret }, { remoteAddress })).status
    }
    let checked = 0
    for (let minute = 0; minute < 26; minute++) {
      for (let index = 0; index < limits.signInsPerMinutePerAccount; index++) {
        if ((await guess(`wrong ${minute} ${index}`)) === 401) checked += 1
      }
      // So that neither a minute nor an hour is used up.
      tested.clock.advance(16 * 60_000)
    }
    assert.equal(checked, limits.signInsPerDayPerAccount)
    assert.equal(await guess(password), 429, 'the right one waits, too')
    tested.clock.advance(24 * 3_600_000)
    assert.equal(await guess(password), 200, 'nobody is shut out for good')
  })
})
