/** Owns accounts and sessions as a client has them: flows by name, some with a next step. */

import { named } from '../actions/actions.ts'
import type { CallFailure } from '../call/failure.ts'
import type { Asked, CallOptions } from '../call/request.ts'
import { type Calling, calling, mapped, type Result } from '../call/result.ts'
import type { Send } from '../call/send.ts'
import { kebabCase } from '../data/addresses.ts'
import { ask } from '../data/models.ts'
import type {
  AuthClient,
  FactorOptions,
  PasskeyCode,
  PasskeyOptions,
  SecondFactorNeeded,
  SignedIn,
  SignInStep,
} from '../typed/auth.ts'
import { askBrowser } from './credentials.ts'
import type { Sessions } from './sessions.ts'

type Input = Readonly<Record<string, unknown>>
type Flow = (name: string, input?: Input, options?: CallOptions) => Calling<Input | undefined>

/** Flows that begin a session, or give one a new token: only they take `cookie`. */
const beginning = new Set([
  ...['signIn', 'signInByLink', 'signInByCode', 'signInByPasskey', 'secondFactor'],
  ...['verifyEmail', 'continueAsGuest', 'stepUp', 'impersonate'],
])
/** Flows after which whoever is signed in may be another, or nobody. */
const ending = new Set(['deleteAccount', 'signOutEverywhere', 'switchOrganisation'])
const reading = new Set(['me', 'organisations', 'members'])
const sessionToken = /^pls_/

/** The accounts and sessions of a client. */
export function authClient(send: Send, sessions: Sessions): AuthClient {
  const sent = async (asked: Asked, options?: CallOptions) => {
    // A token without a session fails whatever it comes with, a sign-in too: `me` finds that out.
    if (asked.plain && (await sessions.token())) await flow('me', {}, options)
    return ask<Input | undefined>(send, asked, options)
  }
  const flow: Flow = (name, input = {}, options) => {
    const path = `/api/identity/${kebabCase(name)}`
    const get = reading.has(name)
    const cookie = sessions.mode === 'cookie' && beginning.has(name) ? { cookie: true } : {}
    if (get) {
      return ask(send, { method: 'GET', path: path + queryOf(input), repeat: 'safe' }, options)
    }
    const asked: Asked = {
      ...{ method: 'POST', path, body: { ...input, ...cookie }, repeat: 'never', secret: true },
      plain: beginning.has(name) || name.startsWith('begin'),
    }
    return calling(keeping({ sessions, name, input }, () => sent(asked, options)))
  }
  const byPasskey = passkeyFlow(flow)
  const step = (sent: Calling<Input | undefined>) =>
    calling(sent.then((result) => mapped(result, (value) => stepOf(flow, value))))
  const own = {
    signIn: (input: Input, options?: CallOptions) => step(flow('signIn', input, options)),
    signInByLink: (input: Input, options?: CallOptions) =>
      step(flow('signInByLink', input, options)),
    signInByCode: (input: Input, options?: CallOptions) =>
      step(flow('signInByCode', input, options)),
    verifyEmail: (input: Input, options?: CallOptions) => step(flow('verifyEmail', input, options)),
    continueAsGuest: (options?: CallOptions) => step(flow('continueAsGuest', {}, options)),
    signInByPasskey: ({ mediation, ...options }: PasskeyOptions = {}) =>
      calling(
        byPasskey<Input>('signInByPasskey', {
          begin: 'beginPasskeySignIn',
          mediation,
          options,
        }).then((result) => mapped(result, (value) => stepOf(flow, value) as SignedIn)),
      ),
    stepUpByPasskey: (options: CallOptions = {}) =>
      calling(byPasskey('stepUp', { begin: 'beginStepUpPasskey', into: 'passkey', options })),
    addPasskey: (input: Input = {}, options: CallOptions = {}) =>
      calling(byPasskey('addPasskey', { begin: 'beginPasskey', make: true, input, options })),
    call: flow,
    watch: sessions.watch,
  }
  const rest = named((name) => (input?: Input, options?: CallOptions) => {
    return withoutInput.has(name) ? flow(name, {}, input) : flow(name, input, options)
  })
  return new Proxy(own, {
    get: (_, name) => Reflect.get(own, name) ?? Reflect.get(rest, name),
  }) as unknown as AuthClient
}

/** Flows that take options alone. */
const withoutInput = new Set([
  ...['me', 'signOut', 'sendVerification', 'setUpTotp', 'removeTotp', 'newRecoveryCodes'],
  ...['waysIn', 'deleteAccount'],
])

function queryOf(input: Input): string {
  const query = new URLSearchParams(input as Record<string, string>).toString()
  return query === '' ? '' : `?${query}`
}

interface Keeping {
  readonly sessions: Sessions
  readonly name: string
  readonly input: Input
}

/** Keeps the token that an answer brought before anybody goes on with another call. */
async function keeping(
  { sessions, name, input }: Keeping,
  send: () => Promise<Result<Input | undefined>>,
): Promise<Result<Input | undefined>> {
  const result = await send()
  // Whoever signs out is out here, also where the server could not be told.
  const everywhere = name === 'signOutEverywhere' && input.keepThis !== true
  const over = result.ok && (name === 'deleteAccount' || everywhere)
  if (name === 'signOut' || over) await sessions.keep(null)
  if (!result.ok) return result
  const token = result.value?.token
  const fresh = typeof token === 'string' && sessionToken.test(token)
  const began = beginning.has(name) && result.value?.pending === undefined
  if (fresh) await sessions.keep(token)
  else if (began || (ending.has(name) && !over)) await sessions.keep(undefined)
  return result
}

/** What an answer of a sign-in means: a session, the question for the second factor, or neither. */
function stepOf(flow: Flow, value: Input | undefined): SignInStep {
  if (value?.pending !== undefined) return secondStep(flow, value)
  const { token: _, ...told } = value ?? {}
  return (value && { is: 'signedIn', ...told }) as unknown as SignInStep
}

function secondStep(flow: Flow, { pending, factors }: Input): SecondFactorNeeded {
  const finish = <C extends string>(sent: Promise<Result<Input | undefined, C>>) =>
    calling(sent.then((result) => mapped(result, (value) => stepOf(flow, value) as SignedIn)))
  const trusting = ({ trust }: FactorOptions) => (trust ? { trust } : {})
  return {
    is: 'secondFactor',
    factors: factors as SecondFactorNeeded['factors'],
    byCode: (code, options = {}) =>
      finish(flow('secondFactor', { pending, code, ...trusting(options) }, options)),
    byPasskey: (options = {}) =>
      finish(
        passkeyFlow(flow)('secondFactor', {
          ...{ begin: 'beginSecondFactorPasskey', beginInput: { pending }, into: 'passkey' },
          ...{ input: { pending, ...trusting(options) }, options },
        }),
      ),
  }
}

interface ByPasskey {
  /** The flow that the options for the browser come from, and its input. */
  readonly begin: string
  readonly beginInput?: Input
  readonly make?: boolean
  /** What the browser's answer is called in the input. Default `response`. */
  readonly into?: string
  readonly input?: Input
  readonly mediation?: string | undefined
  readonly options: CallOptions
}

/** Runs a flow by what the browser makes of another one's options. */
function passkeyFlow(flow: Flow) {
  return async <T>(name: string, asked: ByPasskey): Promise<Result<T, PasskeyCode>> => {
    const { options, mediation, into = 'response' } = asked
    const begun = await flow(asked.begin, asked.beginInput, options)
    if (!begun.ok) return begun
    const more = {
      ...(mediation === undefined ? {} : { mediation }),
      ...(options.signal ? { signal: options.signal } : {}),
    }
    const made = await askBrowser(asked.make ? 'create' : 'get', begun.value, more)
    if ('failure' in made) {
      return { ok: false, failure: made.failure as CallFailure<PasskeyCode> }
    }
    const sent = await flow(name, { ...asked.input, [into]: made.response }, options)
    return sent as unknown as Result<T, PasskeyCode>
  }
}
