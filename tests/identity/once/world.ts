/** Owns an app with all that identity has: organisations, guests, services, OAuth. */

import assert from 'node:assert/strict'
import { after, before, type TestContext } from 'node:test'
import { TOTP } from 'otpauth'
import {
  openProvider,
  type Provider,
  password,
} from '../../../packages/plinth/src/identity/proof/provider/stand.ts'

/** What came of a request. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** The app, and short words to ask it from another network with each call. */
export interface World {
  readonly provider: Provider
  post(flow: string, body: object, token?: string): Promise<Answer>
  signIn(email: string): Promise<string>
  /** Somebody with an account, by the name. */
  user(name: string): Promise<{ readonly id: string; readonly email: string }>
  /** The text of the latest mail to an address. */
  mail(to: string): Promise<string>
}

/** One world for all tests of a file. */
export function worldScene(): { readonly world: World } {
  const scene = {} as { world: World }
  const ends: (() => unknown)[] = []
  before(async () => {
    const context = { after: (end: () => unknown) => ends.push(end) } as unknown as TestContext
    scene.world = worldOf(await openProvider(context, { offices: true }))
  })
  after(async () => {
    for (const end of ends.reverse()) await end()
  })
  return scene
}

function worldOf(provider: Provider): World {
  const { tested } = provider
  let count = 0
  const post = async (flow: string, body: object, token?: string): Promise<Answer> => {
    count += 1
    const reply = await tested.request('POST', `/api/identity/${flow}`, {
      ...{ body, remoteAddress: `2001:db8:${(count >> 8).toString(16)}:${count & 255}::1` },
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
    const { status, text } = reply
    return { status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) }
  }
  return {
    ...{ provider, post },
    async signIn(email) {
      const { status, body } = await post('sign-in', { email, password })
      assert.equal(status, 200, JSON.stringify(body))
      return String(body.token ?? body.pending)
    },
    async user(name) {
      // An hour later, so that no test uses up what another one counts.
      tested.clock.advance(3_600_000)
      const { id, email } = await tested.user({ email: `${name}@notes.example`, password })
      return { id, email }
    },
    async mail(to) {
      await tested.drain()
      const mail = (await tested.mails()).find((one) => one.to.includes(to))
      return mail?.text ?? assert.fail(`no mail to ${to}`)
    },
  }
}

/** The token of a mail. */
export function tokenIn(mail: string): string {
  return /token=([\w-]+)/.exec(mail)?.[1] ?? assert.fail(mail)
}

/** Gives an account an authenticator app. Returns its recovery codes and what tells its code. */
export async function withTotp({ post, signIn, provider }: World, email: string) {
  const token = await signIn(email)
  const { secret } = (await post('set-up-totp', {}, token)).body
  const generator = new TOTP({ secret: String(secret) })
  const code = (): string => generator.generate({ timestamp: provider.clock.now() })
  const { body } = await post('confirm-totp', { code: code() }, token)
  return { code, recoveryCodes: body.recoveryCodes as readonly string[] }
}
