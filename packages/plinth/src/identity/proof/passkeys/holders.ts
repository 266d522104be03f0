/** Owns people with passkeys in an app of accounts: they add one, sign in by it, show it again. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { ProvenServer } from '../../../database/proof/servers.ts'
import { type Answer, openPeople, password, tokenIn } from '../people.ts'
import { type Answered, type Options, SoftPasskey, type Wrongly } from './soft-authenticator.ts'

/** Where the app of the proofs is reached, for passkeys. */
export const origin = 'http://localhost:3000'

/** The body of an answer. */
export function bodyOf<T>({ text }: Answer): T {
  return JSON.parse(text) as T
}

/** Somebody with a session. */
export interface Holder {
  readonly id: string
  readonly email: string
  readonly token: string
}

/** The app, and short words for what people do with passkeys. */
export async function openHolders(server: ProvenServer, context: TestContext) {
  const people = await openPeople(server, context)
  const { tested, ask } = people
  const signIn = (email: string) => ask('identity.signIn', { email, password })
  const optionsOf = async (operation: string, input: object, token?: string): Promise<Options> => {
    const answer = await ask(operation, input, token === undefined ? {} : { token })
    assert.equal(answer.status, 200, answer.text)
    return bodyOf<Options>(answer)
  }
  const addOptions = (token: string) => optionsOf('identity.beginPasskey', {}, token)
  const add = (token: string, response: Answered, name?: string) =>
    ask('identity.addPasskey', { response, ...(name === undefined ? {} : { name }) }, { token })
  const signInOptions = () => optionsOf('identity.beginPasskeySignIn', {})
  const signInBy = (response: Answered) => ask('identity.signInByPasskey', { response })
  return {
    ...people,
    ...{ signIn, optionsOf, addOptions, add, signInOptions, signInBy },
    /** An account whose address is confirmed, signed in. */
    async holder(email: string): Promise<Holder> {
      const { id } = await tested.user({ email, password })
      await tested.running.users.records.update('user', id, {
        emailVerifiedAt: '2026-01-01T00:00:00Z',
      })
      return { id, email, token: tokenIn(await signIn(email)) }
    },
    /** Adds a passkey; the id that the app has for it. */
    async added(token: string, passkey: SoftPasskey, name?: string): Promise<string> {
      const answer = await add(token, passkey.create(await addOptions(token)), name)
      assert.equal(answer.status, 201, answer.text)
      return bodyOf<{ id: string }>(answer).id
    },
    /** Signs in by a passkey, with a new challenge. */
    async enter(passkey: SoftPasskey, wrongly: Wrongly = {}): Promise<Answer> {
      return signInBy(passkey.get(await signInOptions(), wrongly))
    },
    passkey: (counter?: number) => new SoftPasskey(origin, counter),
    mailsTo: async (email: string) => {
      await tested.drain()
      return (await tested.mails()).filter(({ to }) => to.includes(email))
    },
  }
}
