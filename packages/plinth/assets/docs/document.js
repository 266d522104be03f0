/** Owns the reading of the OpenAPI document: its operations in order, and its references. */

const methods = ['get', 'post', 'put', 'patch', 'delete', 'query']

/** Fetches the document. */
export async function loadDocument() {
  const response = await fetch('/openapi.json', { credentials: 'omit' })
  if (!response.ok) throw new Error(`The document could not be read: ${response.status}.`)
  return response.json()
}

/** Follows a `$ref`, or returns the thing itself. */
export function resolve(api, thing) {
  if (!thing || typeof thing.$ref !== 'string') return thing
  const steps = thing.$ref.slice(2).split('/')
  return steps.reduce((found, step) => found?.[decodeURIComponent(step)], api)
}

/** The last part of a reference. */
export function nameOf(reference) {
  return reference.slice(reference.lastIndexOf('/') + 1)
}

/** All operations, with their address. */
export function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method])
      .map((method) => ({
        ...item[method],
        method: method.toUpperCase(),
        path,
        parameters: (item[method].parameters ?? []).map((each) => resolve(api, each)),
      })),
  )
}

/** Operations by kit, and inside a kit by model. */
export function grouped(operations) {
  const groups = new Map()
  for (const operation of operations) {
    const kit = operation.tags?.[0] ?? ''
    const model = operation['x-model'] ?? ''
    if (!groups.has(kit)) groups.set(kit, new Map())
    const models = groups.get(kit)
    if (!models.has(model)) models.set(model, [])
    models.get(model).push(operation)
  }
  return groups
}
