import assert from 'node:assert/strict'
import { test } from 'node:test'
import { app } from '../../../define/kit.ts'
import { testApp } from '../../../testing/test-app.ts'
import { identity } from '../../kit.ts'

const me = '{ identityMe { ... on IdentityMePayload { result } } }'
const graphql = `/api/graphql?query=${encodeURIComponent(me)}`

// Browsers keep `__Host-` for the host itself; by another space in front it is no such name to
// them, and any host of the same domain may set it. Chromium sends it as UTF-8, of which nothing
// was trimmed; another browser may send the one byte. Over a socket: these bytes are the attack.
test('C12: a neighbouring host plants no session by a name like ours', async (context) => {
  const tested = await testApp(app({ kits: [identity], title: 'Shop' }))
  context.after(() => tested.close())
  const { url } = await tested.serve()
  const eves = 'eve@shop.example'
  const planted = await tested.token(await tested.user({ email: eves }))
  const own = await tested.token(await tested.user({ email: 'ann@shop.example' }))
  const places = ['/api/identity/me', graphql, '/account']
  const seen = async (place: string, cookie: string): Promise<string> => {
    const answer = await fetch(url + place, { headers: { cookie } })
    return answer.text()
  }
  for (const place of places) {
    assert.ok((await seen(place, `__Host-sid=${planted}`)).includes(eves), place)
    for (const space of ['\u00a0', '\u0085', '\u00a0 ', ' \u00a0\t']) {
      const cookie = `${space}__Host-sid=${planted}`
      assert.ok(!(await seen(place, cookie)).includes(eves), place)
      const beside = await seen(place, `${cookie}; __Host-sid=${own}`)
      assert.ok(beside.includes('ann@shop.example'), `${place}: ${beside}`)
    }
  }
})
