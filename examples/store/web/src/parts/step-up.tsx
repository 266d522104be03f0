/** Owns the dialog that asks for a fresh proof of who somebody is, where a call takes one. */

import { type FormEvent, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { client } from '../shop/client.ts'
import { answerProof, isAsked, watchProof } from '../shop/proof.ts'
import { Failure } from './notes.tsx'

/** The dialog. It is open while a call waits for it. */
export function StepUp() {
  const asked = useSyncExternalStore(watchProof, isAsked)
  const dialog = useRef<HTMLDialogElement>(null)
  const [failure, setFailure] = useState<string | undefined>(undefined)
  useEffect(() => {
    if (asked) dialog.current?.showModal()
    else dialog.current?.close()
    setFailure(undefined)
  }, [asked])
  const take = async (proving: Promise<{ ok: boolean; failure?: { detail: string } }>) => {
    const proven = await proving
    if (proven.ok) answerProof(true)
    else setFailure(proven.failure?.detail)
  }
  const byPassword = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const password = String(new FormData(event.currentTarget).get('password'))
    void take(client.auth.stepUp({ password }))
  }
  return (
    <dialog ref={dialog} onCancel={() => answerProof(false)} aria-label="Is it you?">
      {asked ? (
        <>
          <h2>Is it you?</h2>
          <p>This changes how your account is signed in to. Show once more who you are.</p>
          <form onSubmit={byPassword}>
            <label>
              Password
              <input name="password" type="password" autoComplete="current-password" required />
            </label>
            <Failure>{failure}</Failure>
            <div className="buttons">
              <button type="submit">Go on</button>
              <button
                type="button"
                className="quiet"
                onClick={() => void take(client.auth.stepUpByPasskey())}
              >
                Use a passkey
              </button>
              <button type="button" className="quiet" onClick={() => answerProof(false)}>
                Cancel
              </button>
            </div>
          </form>
        </>
      ) : null}
    </dialog>
  )
}
