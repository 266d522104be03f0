/** Owns the places at which programs show tokens to a provider. */

import { beginSession } from '../../../packages/plinth/src/app/people/sessions.ts'
import type { Place } from '../../../packages/plinth/src/identity/proof/keys/token-places.ts'
import { officeProof, post } from '../../../packages/plinth/src/identity/proof/provider/asking.ts'
import { back, type Provider } from '../../../packages/plinth/src/identity/proof/provider/stand.ts'

type Values = Readonly<Record<string, string>>

const verifier = 'v'.repeat(43)
const grants: Readonly<Record<string, (token: string) => Values>> = {
  code: (code) => ({
    ...{ grant_type: 'authorization_code', client_id: 'ledger', redirect_uri: back },
    ...{ code, code_verifier: verifier },
  }),
  refresh: (token) => ({
    ...{ grant_type: 'refresh_token', client_id: 'ledger', refresh_token: token },
  }),
  device: (code) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    ...{ client_id: 'phone', device_code: code },
  }),
  secret: (secret) => ({
    ...{ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'office' },
    client_secret: secret,
  }),
  assertion: (assertion) => ({
    ...{ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'office' },
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }),
}

const isRefused: Place['isRefused'] = ({ status }) => status === 400 || status === 401
const isUnknown: Place['isRefused'] = ({ status }) => [400, 404, 410].includes(status)

/** Every place of the protocol that takes a secret. `userId` is who answers pages. */
export function oauthPlaces(provider: Provider, userId: string): readonly Place[] {
  return [...programPlaces(provider), ...browserPlaces(provider), ...ownPlaces(provider, userId)]
}

/** Where a program shows something: as a grant, as a proof of itself, and to be looked at. */
function programPlaces(provider: Provider): readonly Place[] {
  const { origin } = provider
  const answered = async (asked: ReturnType<typeof post>) => {
    const { status, told } = await asked
    return { status, text: JSON.stringify(told) }
  }
  const granting = Object.entries(grants).map(([name, values]): Place => {
    const ask = (token: string) => answered(post(provider, '/oauth/token', values(token)))
    return { name: `oauth.${name}`, ask, isRefused }
  })
  return [
    ...granting,
    {
      ...{ name: 'oauth.userinfo', isRefused },
      async ask(token) {
        const headers = { authorization: `Bearer ${token}` }
        const { status } = await fetch(`${origin}/oauth/userinfo`, { headers })
        return { status, text: '' }
      },
    },
    {
      name: 'oauth.introspect',
      isRefused: ({ status, text }) => status === 400 || text === '{"active":false}',
      ask: (token) =>
        answered(post({ origin, headers: officeProof }, '/oauth/introspect', { token })),
    },
  ]
}

/** Where a browser is sent with something. */
function browserPlaces({ origin }: Provider): readonly Place[] {
  return ['', 'urn:ietf:params:oauth:request_uri:'].map(
    (form): Place => ({
      ...{
        name: `oauth.request${form}`,
        isRefused: ({ text }) => !/code=|interaction=/.test(text),
      },
      async ask(token) {
        const url = new URL('/oauth/authorize', origin)
        const asked = { client_id: 'ledger', request_uri: `${form}${token}` }
        url.search = new URLSearchParams(asked).toString()
        const { status, headers } = await fetch(url, { redirect: 'manual' })
        return { status, text: headers.get('location') ?? '' }
      },
    }),
  )
}

/** Where whoever is signed in brings something. */
function ownPlaces({ origin, running }: Provider, userId: string): readonly Place[] {
  const ask = async (path: string, body?: object) => {
    const session = await beginSession(running.runtime, userId)
    const response = await fetch(`${origin}/api/identity/${path}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: { authorization: `Bearer ${session}`, 'content-type': 'application/json' },
    })
    return { status: response.status, text: await response.text() }
  }
  return [
    {
      ...{ name: 'oauth.interaction', isRefused: isUnknown },
      ask: (token) => ask(`consent?interaction=${encodeURIComponent(token)}`),
    },
    {
      name: 'oauth.user-code',
      isRefused: ({ status }) => status === 404 || status === 422,
      ask: (token) => ask('device', { code: token }),
    },
  ]
}
