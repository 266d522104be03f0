/** Owns the explanation of every failure code: what it means, and what to do. */

import type { FailureCode } from '../../base/failure.ts'

/** What the page of a code says. */
export interface ProblemText {
  readonly meaning: string
  readonly cure: string
}

/** The explanation of each code. A new code needs one: the types ask for it. */
export const problemTexts: Readonly<Record<FailureCode, ProblemText>> = Object.freeze({
  invalid_input: say(
    'The call was understood, but values in it are not allowed.',
    'Look at `errors`: each entry names a place and how to mend it. Mend all and call again.',
  ),
  malformed_request: say(
    'The request breaks the rules of HTTP, or has a body where none belongs.',
    'Use an ordinary HTTP client and send what the documentation lists.',
  ),
  malformed_body: say(
    'The body is not the JSON that the operation takes.',
    'Send one JSON value in UTF-8; the detail names the line and the column.',
  ),
  malformed_query: say(
    'What follows the question mark cannot be read, or names an unknown parameter.',
    'Look at `errors`: each entry names a parameter. Encode names and values as UTF-8.',
  ),
  malformed_header: say(
    'A header has a form that it must not have, or came twice.',
    'The detail names the header and its form.',
  ),
  unsupported_media_type: say(
    'The Content-Type of the body is none that the address takes.',
    'Send application/json; for PATCH also application/merge-patch+json. No other charset.',
  ),
  not_acceptable: say(
    'The Accept header leaves out JSON.',
    'Allow application/json in Accept, or leave the header out.',
  ),
  body_too_large: say(
    'The body is larger than the server reads.',
    'Send less at a time: smaller batches, shorter texts.',
  ),
  address_too_long: say(
    'The address with its query is longer than the server reads.',
    'Send the query as a body: QUERY, or POST to the address with /query behind it.',
  ),
  headers_too_large: say(
    'There are too many headers, or they are too long.',
    'Send fewer; in a browser, removing the cookies of the site often helps.',
  ),
  request_timeout: say(
    'The request did not arrive in the time that it has.',
    'Check the connection and call again with the same Idempotency-Key.',
  ),
  not_found: say(
    'There is nothing at this address that the caller may see.',
    'Check the address and the id. A record that one may not read looks just like this.',
  ),
  range_not_satisfiable: say(
    'The Range header asks for a part behind the end of the file.',
    'Ask for a part within the size that Content-Range tells, or for the whole file.',
  ),
  misdirected: say(
    'The Host header names another machine than the one that answers.',
    'Call the server as localhost, or set PLINTH_URL to the address it is reached by.',
  ),
  method_not_allowed: say(
    'The address exists, but does not take this method.',
    'Use one of the methods in the Allow header.',
  ),
  upgrade_required: say(
    'The address speaks nothing but WebSocket, and the request did not ask for it.',
    'Open it as a WebSocket; a proxy in between has to pass Upgrade and Connection on.',
  ),
  sign_in_required: say(
    'Only callers who have signed in may do this.',
    'Sign in, and send the token as Authorization: Bearer.',
  ),
  invalid_credentials: say(
    'The password, token or session is wrong, has ended or was ended.',
    'Sign in again.',
  ),
  step_up_required: say(
    'This asks for a fresh or a second proof of who you are.',
    'Show it at /api/identity/step-up, then repeat the call with the new token.',
  ),
  second_factor_required: say(
    'This is open to sessions of two factors, and the account has but one.',
    'Set up an authenticator app or a passkey at /account/factors, then repeat the call.',
  ),
  forbidden: say(
    'The rules do not let this caller do this.',
    'Ask somebody who may, or for the role that may.',
  ),
  insufficient_scope: say(
    'The API key or token lacks the scope that this takes; the detail names it.',
    'Make one that has the scope. No key can widen itself.',
  ),
  organisation_required: say(
    'These records belong to an organisation each, and none is active in this session.',
    'Choose one at /api/identity/switch-organisation, or found one, and repeat the call.',
  ),
  session_required: say(
    'Accounts are looked after by people: no API key, agent, service or other program does this.',
    'Sign in, and repeat the call with the token of the session.',
  ),
  csrf_refused: say(
    'A session cookie came with a request that our own pages did not make.',
    'Other programs use a bearer token; own pages send JSON to their own origin.',
  ),
  conflict: say(
    'Another record already holds a value that must be unique, or a change came in between.',
    'Read the present state, decide anew, and call again.',
  ),
  still_referenced: say(
    'Other records refer to the one that was to be deleted.',
    'Delete or change those first.',
  ),
  in_progress: say(
    'A call with the same Idempotency-Key has not ended yet.',
    'Wait, then repeat the call unchanged: it will get the answer of the first.',
  ),
  key_required: say(
    'The call moves money, and such calls need an Idempotency-Key.',
    'Send the header with a new value; repeat the call with the same value until it is answered.',
  ),
  key_reused: say(
    'The Idempotency-Key belongs to an earlier call with other content.',
    'Make a new key for each new call; use the old one only to repeat it unchanged.',
  ),
  version_mismatch: say(
    'The record has changed since the version that If-Match names.',
    'Read it again, apply the change to what is there now, and send the new ETag.',
  ),
  precondition_required: say(
    'This change must say which version it was made for.',
    'Read the record and send its ETag as If-Match.',
  ),
  rate_limited: say(
    'The caller has used up its calls for the moment.',
    'Wait as long as Retry-After says. RateLimit tells early how much is left.',
  ),
  query_too_costly: say(
    'The query would read more than one call may.',
    'Ask for less: a smaller limit, fewer includes, fewer conditions; then page through it.',
  ),
  deadline_exceeded: say(
    'The call did not end in the time that it has, and was undone.',
    'Try again; if it stays, ask for less at a time.',
  ),
  overloaded: say(
    'The server has more calls than it can take just now.',
    'Wait as long as Retry-After says, and longer each time.',
  ),
  unavailable: say(
    'The server is starting, stopping or without its database.',
    'Wait a little and call again with the same Idempotency-Key.',
  ),
  step_failed: say(
    'A step of a workflow failed for good. Callers never see this; its record does.',
    'Look at the workflow: plinth workflows show <id>.',
  ),
  unserialisable: say(
    'A value cannot be kept as JSON, or is too long to be kept with a job or an event.',
    'Give plain values; keep what is large in a record and pass its id.',
  ),
  forgotten: say(
    'Events that a subscription has not had, or that were asked for, are dropped by retention.',
    'Rebuild what they feed, then: plinth events rewind <subscription> --to oldest.',
  ),
  effect_unknown: say(
    'A job asked for an effect outside and did not hear back. Callers never see this.',
    'Look at the receiver, then retry or cancel the job: plinth jobs retry <id>.',
  ),
  lease_lost: say(
    'A job was taken away from the process that ran it. Callers never see this.',
    'Nothing is to be done: another process runs it.',
  ),
  internal: say(
    'The server has a fault. The call was undone.',
    'Report the traceId to those who run the server; it leads them to the cause.',
  ),
  declaration_invalid: say(
    'The app is declared with mistakes. Callers never see this; the command line does.',
    'Each problem names its place and its cure.',
  ),
  configuration_invalid: say(
    'A setting is wrong. Callers never see this; the command line does.',
    'Each problem names the setting and its form.',
  ),
  data_directory: say(
    'The database’s directory cannot be used. Callers never see this; the command line does.',
    'The detail says why, and what to do.',
  ),
  migration_refused: say(
    'The database cannot follow the declaration by itself. Callers never see this.',
    'Plan and review the migration: plinth migrate plan.',
  ),
  usage: say(
    'A command was not understood. Callers of the API never see this.',
    'Ask the command for help: plinth help.',
  ),
})

function say(meaning: string, cure: string): ProblemText {
  return Object.freeze({ meaning, cure })
}
