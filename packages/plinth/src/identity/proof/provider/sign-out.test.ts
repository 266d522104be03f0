import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf, tokensOf, works } from './asking.ts'
import { begin, client, openProvider, person, program, signedOutAt } from './stand.ts'

const ending = '/oauth/end-session'

function asking(parameters: Readonly<Record<string, string>>): string {
  return `${ending}?${new URLSearchParams(parameters)}`
}

test('a program asks that its user signs out: the user is asked, and led back', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  const { id_token: hint, access_token: token } = await tokensOf(provider, ann)
  const url = client.buildEndSessionUrl(config, {
    ...{ id_token_hint: hint, post_logout_redirect_uri: signedOutAt, state: 'of-ledger' },
  })
  const asked = await ann.go(url.href)
  const place = asked.headers.get('location') ?? assert.fail(await asked.text())
  assert.match(place, /^\/account\/sign-out-of\?request=/)
  assert.ok(await works(provider, token), 'asking alone ends nothing')
  const page = await (await ann.go(place)).text()
  assert.match(page, /You will be sent to <strong>ledger\.example<\/strong>/)
  const request = new URL(place, provider.origin).searchParams.get('request') ?? ''
  const post = (headers: Record<string, string>) =>
    ann.go('/account/sign-out-of', {
      ...{ method: 'POST', body: new URLSearchParams({ request }), headers },
    })
  const foreign = await post({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })
  assert.equal(foreign.status, 403)
  assert.ok(await works(provider, token))
  const own = { origin: provider.origin, 'sec-fetch-site': 'same-origin' }
  const gone = await (await post(own)).text()
  assert.ok(gone.includes(`href="${signedOutAt}?state=of-ledger"`), gone)
  assert.ok(!(await works(provider, token)), 'what was granted in the session ended with it')
})

test('nobody is led elsewhere by signing out', async (context) => {
  const provider = await openProvider(context)
  const [ann, eve] = [await person(provider), await person(provider, 'eve@notes.example')]
  const { id_token: hint } = await tokensOf(provider, ann)
  const [head, payload] = hint.split('.')
  const forged = `${head}.${payload}.${'A'.repeat(342)}`
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  const wrong: readonly Record<string, string>[] = [
    { post_logout_redirect_uri: 'https://evil.example/', id_token_hint: hint },
    { post_logout_redirect_uri: `${signedOutAt}/`, client_id: 'ledger' },
    { post_logout_redirect_uri: `${signedOutAt}#x`, client_id: 'ledger' },
    { post_logout_redirect_uri: 'https://ledger.example/back', client_id: 'ledger' },
    { post_logout_redirect_uri: 'javascript:alert(1)', client_id: 'ledger' },
    { post_logout_redirect_uri: signedOutAt, client_id: 'office' },
    { post_logout_redirect_uri: signedOutAt, id_token_hint: forged },
    { post_logout_redirect_uri: signedOutAt, id_token_hint: none },
    { post_logout_redirect_uri: signedOutAt, id_token_hint: 'x' },
    { post_logout_redirect_uri: signedOutAt, id_token_hint: hint, client_id: 'office' },
    { post_logout_redirect_uri: signedOutAt, client_id: 'nobody' },
  ]
  for (const parameters of wrong) {
    for (const somebody of [ann, undefined]) {
      const place = asking(parameters)
      const answer = somebody
        ? await somebody.go(place)
        : await fetch(provider.origin + place, { redirect: 'manual' })
      assert.equal(answer.headers.get('location'), null, JSON.stringify(parameters))
      assert.equal(answer.status, 400, JSON.stringify(parameters))
    }
  }
  // Without a program there is nobody to be led to, and a question is only about one's own session.
  const bare = await ann.go(asking({ post_logout_redirect_uri: 'https://evil.example/' }))
  assert.equal(bare.headers.get('location'), '/account/sign-out-of')
  const page = await ann.go('/account/sign-out-of?request=made-up')
  assert.equal(page.status, 404)
  const hers = await ann.go(asking({ post_logout_redirect_uri: signedOutAt, id_token_hint: hint }))
  assert.match(hers.headers.get('location') ?? '', /sign-out-of\?request=/)
  const ended = await eve.ask('sign-out', {})
  assert.ok(ended.ok)
  assert.equal((await ann.ask('me')).status, 200)
})

test('what waits for a sign-out is counted as all that guests make us keep', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  const place = asking({ post_logout_redirect_uri: signedOutAt, client_id: 'ledger' })
  const guest = await fetch(provider.origin + place, { redirect: 'manual' })
  assert.equal(guest.headers.get('location'), signedOutAt, 'nobody is signed in: nothing to ask')
  assert.equal(await rowsOf(provider, 'oauth.oauth_interaction'), 0)
  await ann.go(place)
  assert.equal(await rowsOf(provider, 'oauth.oauth_interaction'), 1)
  const { url } = await begin(config)
  await ann.go(url.href)
  const text = "select taken from plinth.allowance where key like 'oauth-request:%'"
  const { rows } = await provider.running.runtime.database.query({ text, values: [] })
  assert.equal(rows[0]?.[0], '2')
})
