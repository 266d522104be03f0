/** Owns every cap of the system, with its unit in its name. Relations between them are asserted. */

import { assert } from './assert.ts'

/** The caps. Each answers with a failure that names the cap; none is a silent cut. */
export const limits = Object.freeze({
  // HTTP
  bodyBytesMax: 1_048_576,
  addressBytesMax: 8_192,
  headerBytesMax: 16_384,
  headerCountMax: 64,
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  bodyBytesPerSecondMin: 1_024,
  bodyGraceMs: 5_000,
  responseBytesPerSecondMin: 8_192,
  pipelinedRequestsMax: 32,
  unreadBodyBytesMax: 4_194_304,
  unreadBodyWaitMs: 2_000,
  formFieldsMax: 100,
  drainIdleMs: 5_000,
  drainTimeoutMs: 25_000,
  connectionsMax: 10_000,
  // JSON
  jsonDepthMax: 32,
  jsonKeysMax: 10_000,
  jsonStringBytesMax: 262_144,
  jsonNumberDigitsMax: 400,
  // queries
  queryParametersMax: 200,
  pageSizeDefault: 50,
  pageSizeMax: 200,
  includeDepthMax: 4,
  includesMax: 12,
  includedRowsDefault: 20,
  includedRowsMax: 100,
  rowsPerReadMax: 25_000,
  readBytesMax: 16_777_216,
  filterDepthMax: 5,
  filterTermsMax: 50,
  filterValuesMax: 500,
  sortFieldsMax: 4,
  fieldsMax: 200,
  cursorBytesMax: 4_096,
  countEstimateMax: 10_000,
  batchOperationsMax: 100,
  idempotencyKeyBytesMax: 255,
  idempotencyHours: 24,
  // database
  poolConnectionsMax: 10,
  pipelineConnections: 2,
  slowReadConnections: 2,
  storingConnections: 6,
  spareConnections: 2,
  quickReadMs: 10,
  quickReadBytes: 262_144,
  quickReadsPerConnectionMax: 32,
  quickReadsLoadMs: 20,
  storesPerConnectionMax: 4,
  slowReadsPerCallerMax: 1,
  slowStoresPerCallerMax: 2,
  statementsWaitingMax: 2_048,
  statementsWaitingPerCallerMax: 128,
  acquireQueueMax: 100,
  acquireTimeoutMs: 5_000,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 5_000,
  lockTimeoutMs: 2_000,
  idleInTransactionTimeoutMs: 10_000,
  transactionTimeoutMs: 15_000,
  transactionAttemptsMax: 5,
  statementCacheMax: 500,
  statementCacheCharactersMax: 131_072,
  preparedTextCharactersMax: 16_384,
  // migrations
  migrationLockWaitMs: 120_000,
  migrationLockPollMs: 100,
  migrationAttemptsMax: 10,
  migrationRetryPauseMs: 250,
  migrationBuildLockTimeoutMs: 60_000,
  // callers
  callsPerMinute: 600,
  callersCountedMax: 100_000,
  signInsPerMinutePerAccount: 5,
  signInsPerMinutePerNetwork: 20,
  signUpsPerHourPerNetwork: 5,
  accountMailsPerQuarterHour: 3,
  accountMailsPerHourPerNetwork: 20,
  mailCodeDigits: 8,
  mailCodeTriesMax: 5,
  secondFactorTriesPerQuarterHour: 5,
  secondFactorFailuresMax: 100,
  recoveryCodes: 10,
  trustedDeviceDays: 30,
  provedMinutesForFactors: 5,
  knownDeviceDays: 180,
  passwordCharactersMin: 15,
  passwordCharactersMax: 256,
  passwordHashesAtOnce: 2,
  passwordHashQueueMax: 50,
  sessionIdleDays: 7,
  sessionLifeDays: 30,
  /** What other programs get as OAuth clients: each way to it, and it, for so long. */
  oauthAccessMinutes: 15,
  oauthCodeSeconds: 60,
  oauthDeviceMinutes: 10,
  oauthInteractionMinutes: 30,
  oauthGrantDays: 30,
  oauthGraceSeconds: 10,
  oauthKeyDays: 90,
  oauthCallsPerMinutePerNetwork: 600,
  guestsPerHourPerNetwork: 60,
  guestIdleDays: 30,
  guestLifeDays: 90,
  impersonationMinutes: 30,
  impersonationsPerHourPerStaff: 20,
  // actions
  actionCallsDeepMax: 8,
  logicAttemptsMax: 10,
  idempotencyMoneyDays: 30,
  operationKeptHours: 24,
  // workflows
  workflowStepsMax: 1_000,
  workflowResultBytesMax: 262_144,
  workflowSignalsMax: 1_000,
  workflowIdCharactersMax: 200,
  workflowStallMs: 60_000,
  workflowExternalTimeoutMs: 60_000,
  workflowActivationTimeoutMs: 86_400_000,
  // import and export
  csvChunkBytes: 262_144,
  csvRecordCharactersMax: 1_048_576,
  csvSampleBytes: 1_048_576,
  csvColumnsMax: 1_000,
  importProblemsPerRowMax: 20,
  importWindowRecords: 5_000,
  importRejectedRecordsMax: 100_000,
  // processes
  stuckWorkerMs: 30_000,
  // audit
  auditDays: 3_650,
  // calls to addresses that others have chosen
  outboundTimeoutMs: 15_000,
  outboundConnectTimeoutMs: 5_000,
  outboundAddressesMax: 6,
  outboundAnswerBytesMax: 65_536,
  outboundAnswerKeptBytes: 1_024,
  outboundWholeAnswerBytesMax: 262_144,
  // webhooks
  webhookBodyBytesMax: 1_048_576,
  webhookToleranceMs: 300_000,
  webhookIdBytesMax: 255,
  webhookMessageDays: 30,
  webhookEndpointsPerUserMax: 20,
  webhookSecretOverlapHours: 24,
  webhookDisableAfterDays: 5,
  deliveriesAtOnce: 50,
  webhookDeliveryDays: 30,
  // mail
  mailRecipientsMax: 50,
  mailTextBytesMax: 1_048_576,
  mailSubjectCharactersMax: 250,
  mailDays: 30,
  mailsAtOnce: 8,
  mailsPerRecipientPerHour: 20,
  mailHeldDays: 3,
  smtpTimeoutMs: 30_000,
  // jobs and events
  jobInputBytesMax: 262_144,
  jobKeyCharactersMax: 200,
  jobsAtOnce: 10,
  jobsClaimedAtOnceMax: 500,
  jobsPerTransactionMax: 50,
  jobGroupTimeoutMs: 3_000,
  jobTimeoutMs: 60_000,
  jobTimeoutMsMax: 3_600_000,
  jobTransactionTimeoutMsMax: 600_000,
  jobStatementTimeoutMs: 60_000,
  jobAttemptsMax: 10,
  jobRetryDelayMs: 1_000,
  jobRetryDelayMsMax: 3_600_000,
  jobErrorCharactersMax: 4_000,
  jobPollMs: 1_000,
  workerSweepMs: 400,
  workerBeatMs: 2_000,
  workerFrozenMs: 15_000,
  workerNotifyMs: 20,
  scheduleMissedMax: 100,
  eventsPerPassMax: 1_000,
  eventsPerBatch: 100,
  eventPartitionDaysAhead: 7,
  // declarations
  textCharactersDefault: 10_000,
  identifierBytesMax: 63,
  modelsMax: 2_000,
})

/** The caps with other numbers, where a part lets itself be given its own. */
export type Limits = { readonly [Cap in keyof typeof limits]: number }

assert(limits.pageSizeDefault <= limits.pageSizeMax, 'the default page fits the largest page')
const nestedRows = 1 + limits.includedRowsDefault * (1 + limits.includedRowsDefault)
assert(
  limits.pageSizeDefault * nestedRows <= limits.rowsPerReadMax,
  'two nested lists fit as usual',
)
assert(limits.includedRowsDefault <= limits.includedRowsMax, 'included rows fit their cap')
assert(limits.drainIdleMs < limits.drainTimeoutMs, 'idle connections end while draining')
assert(limits.headerTimeoutMs < limits.requestTimeoutMs, 'headers arrive before the request ends')
assert(limits.quickReadBytes < limits.readBytesMax, 'a read is slow before it is too long')
assert(limits.slowReadsPerCallerMax < limits.slowReadConnections, 'one caller leaves room')
assert(limits.lockTimeoutMs < limits.statementTimeoutMs, 'a lock wait ends before its statement')
assert(limits.statementTimeoutMs < limits.transactionTimeoutMs, 'a statement fits its transaction')
assert(limits.transactionTimeoutMs < limits.requestTimeoutMs, 'a transaction fits its request')
assert(limits.jsonStringBytesMax < limits.bodyBytesMax, 'a string fits the body')
assert(limits.outboundConnectTimeoutMs < limits.outboundTimeoutMs, 'a call connects in its time')
assert(limits.outboundAnswerKeptBytes <= limits.outboundAnswerBytesMax, 'what is kept is read')
assert(limits.csvChunkBytes <= limits.csvRecordCharactersMax, 'a piece fits the longest record')
