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

/** Every place of the protocol that takes a secret. `userId` is who answers pages. */
export function oauthPlaces(provider: Provider, userId: string): readonly Place[] {
  const { origin, running } = provider
  const told = (status: number, body: unknown) => ({ status, text: JSON.stringify(body) })
  const isRefused: Place['isRefused'] = ({ status }) => status === 400 || status === 401
  const atToken = Object.entries(grants).map(([name, values]): Place => {
    const ask = async (token: string) => {
      const answer = await post(provider, '/oauth/token', values(token))
      return told(answer.status, answer.told)
    }
    return { name: `oauth.${name}`, ask, isRefused }
  })
  const asSelf = async (path: string, body?: object) => {
    const session = await beginSession(running.runtime, userId)
    const response = await fetch(`${origin}/api/identity/${path}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: { authorization: `Bearer ${session}`, 'content-type': 'application/json' },
    })
    return { status: response.status, text: await response.text() }
  }
  const authorize = async (request: string) => {
    const url = new URL('/oauth/authorize', origin)
    url.search = new URLSearchParams({ client_id: 'ledger', request_uri: request }).toString()
    const { status, headers } = await fetch(url, { redirect: 'manual' })
    return { status, text: headers.get('location') ?? '' }
  }
  const refused404: Place['isRefused'] = ({ status }) => [400, 404, 410].includes(status)
  return [
    ...atToken,
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
      async ask(token) {
        const asked = { origin, headers: officeProof }
        const answer = await post(asked, '/oauth/introspect', { token })
        return told(answer.status, answer.told)
      },
    },
    ...['', 'urn:ietf:params:oauth:request_uri:'].map(
      (form): Place => ({
        ...{
          name: `oauth.request${form}`,
          isRefused: ({ text }) => !/code=|interaction=/.test(text),
        },
        ask: (token) => authorize(`${form}${token}`),
      }),
    ),
    {
      ...{ name: 'oauth.interaction', isRefused: refused404 },
      ask: (token) => asSelf(`consent?interaction=${encodeURIComponent(token)}`),
    },
    {
      name: 'oauth.user-code',
      isRefused: ({ status }) => status === 404 || status === 422,
      ask: (token) => asSelf('device', { code: token }),
    },
  ]
}
