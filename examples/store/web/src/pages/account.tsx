/** Owns the account as the shop shows it: who is signed in, passkeys, and the way out. */

import { useState } from 'react'
import { Failure, Notice, Waiting } from '../parts/notes.tsx'
import { client, useMe, useQuery } from '../shop/client.ts'
import { go } from '../shop/route.ts'
import { SignIn } from './sign-in.tsx'

/** The account. What is rarely done stands on the account pages of the app. */
export function Account() {
  const { value: me } = useMe()
  if (!me) return <Waiting rows={4} />
  if (!me.user) return <SignIn then="/account" />
  const { name, email } = me.user
  return (
    <section className="narrow">
      <h1>{name ?? 'Your account'}</h1>
      <p className="faint">{email}</p>
      <Passkeys />
      <p>
        <a href="/account">Password, devices, organisations and all the rest</a>
      </p>
      <button
        type="button"
        className="quiet"
        onClick={() => void client.auth.signOut().then(() => go('/'))}
      >
        Sign out
      </button>
    </section>
  )
}

function Passkeys() {
  const { value: ways, refetch } = useQuery(({ auth }) => auth.waysIn())
  const [failure, setFailure] = useState<string | undefined>(undefined)
  const [notice, setNotice] = useState<string | undefined>(undefined)
  const add = async () => {
    setNotice(undefined)
    const added = await client.auth.addPasskey({ name: 'This browser' })
    setFailure(added.ok ? undefined : added.failure.detail)
    if (!added.ok) return
    setNotice('Next time you can sign in with it.')
    await refetch()
  }
  const count = ways?.passkeys ?? 0
  return (
    <section aria-labelledby="passkeys" className="card-like">
      <h2 id="passkeys">Passkeys</h2>
      <p>
        {count === 0
          ? 'Sign in by your finger, your face or your key, with no password to forget.'
          : `You have ${count === 1 ? 'one passkey' : `${count} passkeys`}.`}
      </p>
      <Failure>{failure}</Failure>
      <Notice>{notice}</Notice>
      <button type="button" onClick={() => void add()}>
        Add a passkey
      </button>
    </section>
  )
}
