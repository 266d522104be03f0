/** Owns making an account: the answer is the same whether an address is new or taken. */

import { type FormEvent, useState } from 'react'
import { Link } from '../parts/link.tsx'
import { Failure } from '../parts/notes.tsx'
import { client, useAction } from '../shop/client.ts'
import { go } from '../shop/route.ts'

/** Makes an account, and signs in where no mail has to be answered first. */
export function SignUp() {
  const make = useAction(({ auth }) => auth.signUp)
  const [mailed, setMailed] = useState<string | undefined>(undefined)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const given = new FormData(event.currentTarget)
    const [name, email, password] = ['name', 'email', 'password'].map((field) => {
      return String(given.get(field))
    }) as [string, string, string]
    const made = await make.run({ email, password, ...(name === '' ? {} : { name }) })
    if (!made.ok) return
    const step = await client.auth.signIn({ email, password })
    if (step.ok && step.value.is === 'signedIn') go('/')
    else setMailed(email)
  }
  const wrong = (field: string) => {
    const found = make.failure?.problems.find(({ pointer }) => pointer === `/${field}`)
    return found ? { 'aria-invalid': true, 'aria-describedby': 'why' } : {}
  }
  if (mailed !== undefined) return <Mailed to={mailed} />
  return (
    <section className="narrow card-like">
      <h1>Make an account</h1>
      <form onSubmit={(event) => void submit(event)}>
        <Fields wrong={wrong} />
        <div id="why">
          <Failure>{make.failure ? sentences(make.failure) : undefined}</Failure>
        </div>
        <button type="submit" className="wide" disabled={make.pending}>
          Make an account
        </button>
      </form>
      <p>
        There is one already? <Link to="/sign-in">Sign in</Link>
      </p>
    </section>
  )
}

interface Wrong {
  readonly detail: string
  readonly problems: readonly { readonly detail: string }[]
}

function sentences({ detail, problems }: Wrong): string {
  return problems.length === 0 ? detail : problems.map((one) => one.detail).join(' ')
}

function Mailed({ to }: { readonly to: string }) {
  return (
    <section className="narrow card-like">
      <h1>Look into your mail</h1>
      <p>
        What was sent to <strong>{to}</strong> leads you in.
      </p>
      <Link to="/sign-in">Sign in</Link>
    </section>
  )
}

function Fields({ wrong }: { readonly wrong: (field: string) => object }) {
  return (
    <>
      <label>
        Name
        <input name="name" autoComplete="name" />
      </label>
      <label>
        E-mail address
        <input name="email" type="email" autoComplete="username" required {...wrong('email')} />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={15}
          required
          {...wrong('password')}
        />
        <span className="faint">At least 15 characters: three words do.</span>
      </label>
    </>
  )
}
