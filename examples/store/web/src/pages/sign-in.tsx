/** Owns signing in: by password or by passkey, with a second factor where one is asked for. */

import type { Factor, SecondFactorNeeded, SignInStep } from 'plinth/client'
import { type FormEvent, useState } from 'react'
import { Link } from '../parts/link.tsx'
import { Failure } from '../parts/notes.tsx'
import { client } from '../shop/client.ts'
import { go } from '../shop/route.ts'

type Tried = Promise<
  | { readonly ok: true; readonly value: SignInStep }
  | { readonly ok: false; readonly failure: { readonly detail: string } }
>

/** Signs in, and goes where somebody was on their way to. */
export function SignIn({ then = '/' }: { readonly then?: string }) {
  const [failure, setFailure] = useState<string | undefined>(undefined)
  const [pending, setPending] = useState(false)
  const [second, setSecond] = useState<SecondFactorNeeded | undefined>(undefined)
  const take = async (tried: Tried) => {
    setPending(true)
    const step = await tried
    setPending(false)
    setFailure(step.ok ? undefined : step.failure.detail)
    if (!step.ok) return
    if (step.value.is === 'secondFactor') setSecond(step.value)
    else go(then)
  }
  if (second) return <SecondFactor step={second} failure={failure} take={take} />
  const byPassword = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const given = new FormData(event.currentTarget)
    const [email, password] = [String(given.get('email')), String(given.get('password'))]
    void take(client.auth.signIn({ email, password }))
  }
  return (
    <section className="narrow card-like">
      <h1>Sign in</h1>
      <form onSubmit={byPassword}>
        <label>
          E-mail address
          <input name="email" type="email" autoComplete="username webauthn" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <Failure>{failure}</Failure>
        <button type="submit" className="wide" disabled={pending}>
          Sign in
        </button>
      </form>
      <p className="or">or</p>
      <button
        type="button"
        className="quiet wide"
        disabled={pending}
        onClick={() => void take(client.auth.signInByPasskey())}
      >
        Sign in with a passkey
      </button>
      <p>
        New here? <Link to="/sign-up">Make an account</Link> ·{' '}
        <a href="/account/forgot-password">Forgotten your password?</a>
      </p>
    </section>
  )
}

interface SecondProperties {
  readonly step: SecondFactorNeeded
  readonly failure: string | undefined
  readonly take: (tried: Tried) => Promise<void>
}

function SecondFactor({ step, failure, take }: SecondProperties) {
  const has = (factor: Factor) => step.factors.includes(factor)
  const byCode = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    void take(step.byCode(String(new FormData(event.currentTarget).get('code'))))
  }
  return (
    <section className="narrow card-like">
      <h1>One step more</h1>
      <form onSubmit={byCode}>
        <label>
          The code of your app, or a recovery code
          <input name="code" autoComplete="one-time-code" required />
        </label>
        <Failure>{failure}</Failure>
        <button type="submit" className="wide">
          Go on
        </button>
      </form>
      {has('passkey') ? (
        <button type="button" className="quiet wide" onClick={() => void take(step.byPasskey())}>
          Use a passkey
        </button>
      ) : null}
    </section>
  )
}
