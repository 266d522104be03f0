/**
 * Owns passkeys on the account pages: asks the browser for one, and sends the page's own form with
 * it. Where the browser knows none, or runs no scripts, its forms stay hidden, and all else works.
 */

const known = globalThis.PublicKeyCredential
const able =
  typeof known === 'function' &&
  'parseCreationOptionsFromJSON' in known &&
  'parseRequestOptionsFromJSON' in known &&
  'toJSON' in known.prototype

// A challenge is good for five minutes: what waits in a field is asked for anew before.
const renewAfterMs = 240_000

/** What waits in a field for somebody to choose it; a button ends the waiting. */
let waiting = new AbortController()

/** Browsers ask for one passkey at a time: once a button was pressed, nothing waits beside it. */
let pressed = false

if (able) for (const form of document.querySelectorAll('form[data-passkey]')) prepare(form)

function prepare(form) {
  form.hidden = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    pressed = true
    waiting.abort()
    void use(form, {})
  })
  if (form.dataset.passkey === 'sign-in') void offer(form)
}

/** Offers passkeys where the address is typed, for as long as the page is there. */
async function offer(form) {
  if (!(await known.isConditionalMediationAvailable?.()) || pressed) return
  waiting = new AbortController()
  const { signal } = waiting
  const renewal = setTimeout(() => {
    waiting.abort()
    void offer(form)
  }, renewAfterMs)
  signal.addEventListener('abort', () => clearTimeout(renewal))
  await use(form, { mediation: 'conditional', signal })
}

async function use(form, more) {
  tell(form, '')
  const button = form.querySelector('button')
  const quiet = more.mediation === 'conditional'
  if (!quiet) button.disabled = true
  try {
    const options = await optionsOf(form)
    const credential =
      form.dataset.passkey === 'add'
        ? await navigator.credentials.create({
            publicKey: known.parseCreationOptionsFromJSON(options),
          })
        : await navigator.credentials.get({
            publicKey: known.parseRequestOptionsFromJSON(options),
            ...more,
          })
    form.elements.passkey.value = JSON.stringify(credential.toJSON())
    form.submit()
  } catch (error) {
    if (!quiet) tell(form, sentenceOf(error))
  } finally {
    button.disabled = false
  }
}

async function optionsOf({ dataset }) {
  if (dataset.options) return JSON.parse(dataset.options)
  const response = await fetch(dataset.begin, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  const answer = await response.json()
  if (response.ok) return answer
  if (answer.code === 'step_up_required') {
    location.assign(`/account/step-up?next=${encodeURIComponent(location.pathname)}`)
  }
  throw new Refused(answer.detail)
}

class Refused extends Error {}

function sentenceOf(error) {
  if (error instanceof Refused) return error.message
  if (error.name === 'InvalidStateError') return 'This device has a passkey for you already.'
  if (error.name === 'SecurityError') {
    return `Passkeys of this app do not work at ${location.host}: open it at its own address.`
  }
  return 'No passkey was used. Try again, or choose another way.'
}

function tell(form, sentence) {
  form.querySelector('[data-told]').textContent = sentence
}
