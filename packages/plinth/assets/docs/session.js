/** Owns signing in on the page. The token lives in memory alone and ends with the page. */

import { fill, make } from './dom.js'

let token

/** The token of the person who signed in; undefined before. */
export function currentToken() {
  return token
}

/** Draws the sign-in box, where the document has the operation for it. */
export function drawSession(place, operations) {
  const signIn = operations.find((each) => each.operationId === 'identity.signIn')
  if (signIn)
    fill(
      place,
      token === undefined ? signInBox(place, operations, signIn) : signedIn(place, operations),
    )
}

function signedIn(place, operations) {
  const forget = () => {
    token = undefined
    drawSession(place, operations)
  }
  return make(
    'p',
    { role: 'status' },
    'Signed in ',
    make('button', { type: 'button', class: 'quiet', click: forget }, 'Forget the token'),
  )
}

function signInBox(place, operations, signIn) {
  const message = make('p', { role: 'alert', class: 'bad' })
  const submit = async (event) => {
    event.preventDefault()
    const values = Object.fromEntries(new FormData(event.currentTarget))
    const response = await fetch(signIn.path, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(values),
    })
    const answer = await response.json()
    if (!response.ok) return fill(message, answer.detail)
    token = answer.token
    return drawSession(place, operations)
  }
  const form = make(
    'form',
    { submit, 'aria-label': 'Sign in' },
    make(
      'label',
      {},
      'E-mail ',
      make('input', { name: 'email', type: 'email', autocomplete: 'username', required: true }),
    ),
    make(
      'label',
      {},
      'Password ',
      make('input', {
        name: 'password',
        type: 'password',
        autocomplete: 'current-password',
        required: true,
      }),
    ),
    make('button', { type: 'submit' }, 'Sign in'),
    message,
  )
  return make('details', {}, make('summary', {}, 'Sign in'), form)
}
