/** Owns the account by which a run registers where webhooks go. */

/** Its address and password; the app runs on loopback, for one run. */
export const operator = Object.freeze({
  email: 'operator@crash.example',
  password: 'a long enough pass phrase',
})
