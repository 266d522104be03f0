/** Owns the two independent validators of OpenAPI documents. */

import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Validator } from '@seriousme/openapi-schema-validator'

/** What the meta-schema of OpenAPI finds wrong. */
export async function metaSchemaErrors(tree: unknown): Promise<unknown> {
  const result = await new Validator().validate(JSON.parse(JSON.stringify(tree)))
  return result.valid ? [] : result.errors
}

const rules = [
  'struct',
  'no-unresolved-refs',
  'no-unused-components',
  'no-invalid-media-type-examples',
  'no-invalid-schema-examples',
  'operation-operationId-unique',
  'operation-parameters-unique',
  'operation-summary',
  'operation-2xx-response',
  'operation-4xx-response',
  'path-declaration-must-exist',
  'path-parameters-defined',
  'path-not-include-query',
  'no-identical-paths',
  'security-defined',
  'operation-tag-defined',
]

/** What a second validator finds wrong, references and examples included. */
export async function lint(tree: unknown): Promise<readonly string[]> {
  const config = await createConfig({
    rules: Object.fromEntries(rules.map((rule) => [rule, 'error' as const])),
  })
  const problems = await lintFromString({ source: JSON.stringify(tree), config })
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)
}

/** What the same validator finds wrong with an AsyncAPI document. */
export async function lintEvents(tree: unknown): Promise<readonly string[]> {
  const rules = { struct: 'error', 'no-unresolved-refs': 'error' } as const
  const config = await createConfig({ rules, async3Rules: rules })
  const problems = await lintFromString({ source: JSON.stringify(tree), config })
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)
}
