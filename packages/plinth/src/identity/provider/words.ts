/** Owns what scopes are called where people are asked. */

/** Scopes of OpenID Connect: what a program learns of somebody. */
export const ownScopes: Readonly<Record<string, string>> = Object.freeze({
  openid: 'Know who you are, by a number that stands for your account',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Keep its access when you have signed out, for up to 30 days',
})

/** A scope, and what it allows. */
export interface WordedScope {
  readonly scope: string
  readonly words: string
}

/** Scopes in words, those of an app after our own; one that nobody knows is left out. */
export function inWords(
  scopes: readonly string[],
  ofApp: Readonly<Record<string, string>>,
): readonly WordedScope[] {
  return [...Object.entries(ownScopes), ...Object.entries(ofApp)].flatMap(([scope, words]) =>
    scopes.includes(scope) ? [{ scope, words }] : [],
  )
}
