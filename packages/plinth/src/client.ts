/** Owns the client entry point: a typed client of an app, for browsers and every other runtime. */

export {
  memoryStorage,
  type SessionMode,
  type TextStorage,
  type TokenStorage,
  webStorage,
} from './client/auth/sessions.ts'
export {
  type AnyFailure,
  CallError,
  type CallFailure,
  type ClientCode,
} from './client/call/failure.ts'
export type { CallOptions, ChangeOptions, Fetch } from './client/call/request.ts'
export type { Calling, Result } from './client/call/result.ts'
export { type Client, type ClientOptions, createClient } from './client/client.ts'
export type { Plurals } from './client/data/addresses.ts'
export type { ActionCall, Operation, OperationStatus } from './client/typed/actions.ts'
export type {
  Account,
  AuthClient,
  Factor,
  FactorOptions,
  Me,
  PasskeyCode,
  PasskeyOptions,
  SecondFactorNeeded,
  SignedIn,
  SignInStep,
  WaysIn,
} from './client/typed/auth.ts'
export type { ModelSteps, Reference, Step, Steps } from './client/typed/batch.ts'
export type {
  ChannelName,
  MessageGiven,
  MessageHeard,
  MessageSource,
  PresenceGiven,
  Room,
  RoomFollower,
  RoomMember,
  RoomParams,
} from './client/typed/channels.ts'
export type {
  ActionsClient,
  ActionsOf,
  DataClient,
  ModelClient,
  ModelsOf,
  UpsertOptions,
  VersionOptions,
} from './client/typed/client.ts'
export type { EventFollower, EventName, HeardEvent, HeardGap } from './client/typed/events.ts'
export type { LiveFollower, LiveList, LiveRecord } from './client/typed/live.ts'
export type { Count, KeyOf, ListQuery, Read, RecordQuery } from './client/typed/reads.ts'
