/** Owns the declaring vocabulary as the world imports it: safe in a browser, no server code. */

export { Failure, type FailureCode, type Problem } from './base/failure.ts'
export type {
  IdentityProvider,
  OAuthProtocol,
  OpenIdProtocol,
  OutsideProfile,
} from './define/app/sign-in-with.ts'
export type { WebSpec } from './define/app/web.ts'
export { computed, type Field, type Presence } from './define/field.ts'
export * from './define/fields.ts'
export { type Html, type HtmlValue, html } from './define/html.ts'
export type {
  AcrossInput,
  BaseRecord,
  CreateInput,
  Extended,
  Filter,
  Find,
  Flat,
  Include,
  ModelsOfApp as AppModels,
  Page,
  RecordOf,
  Selected,
  Tenanted,
  TenantMembers,
  TenantRelation,
  UpdateInput,
} from './define/infer.ts'
export {
  type App,
  type AppSpec,
  app,
  type InSight,
  type Kit,
  type KitSpec,
  kit,
  type SeedCaller,
  type SeedScope,
} from './define/kit.ts'
export type * from './define/logic/data.ts'
export type * from './define/logic/logic.ts'
export type * from './define/logic/scope.ts'
export type * from './define/logic/shape.ts'
export type * from './define/logic/specs.ts'
export type * from './define/logic/subscription.ts'
export { type OrganisationsSpec, organisationPermissions } from './define/organisations.ts'
export type * from './define/pages.ts'
export {
  type BelongsTo,
  belongsTo,
  type HasMany,
  type HasOne,
  hasMany,
  hasOne,
  type ManyToMany,
  manyToMany,
} from './define/relation.ts'
export { anyone, type Condition, type Me, nobody, now, type Rule } from './define/rule.ts'
export { identity } from './identity/kit.ts'
export {
  apple,
  gitlab,
  google,
  linkedin,
  microsoft,
  type ProviderOptions,
  slack,
} from './identity/outside/presets/openid.ts'
export { discord, facebook, github, x } from './identity/outside/presets/plain.ts'
export { type OidcOptions, oidc } from './identity/outside/provider.ts'
export type { Json, Kind, Money, StandardSchema } from './kinds/kinds.ts'
export { cell } from './transfer/import/cells.ts'
export { type Importer, importer } from './transfer/import/importer.ts'
export { webhooks } from './webhooks/kit.ts'
export {
  type HmacOptions,
  hmacWebhook,
  type MessageOptions,
  type Secrets,
  standardWebhook,
  stripeWebhook,
  type VerifyWebhook,
} from './webhooks/verify.ts'
