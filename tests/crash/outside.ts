/** Owns what the app under test asks of the world: the receivers, by their addresses. */

const address = process.env.CRASH_RECEIVER ?? ''

interface Charged {
  readonly charge: string
}

/** The receiver's routes. A broken answer is an error: the caller asks again under the same key. */
export const outside = {
  /** Charges once for each key. */
  charge: (
    { reference, amount }: { readonly reference: string; readonly amount: number },
    key: string,
  ): Promise<Charged> => ask('charges', { reference, amount }, key),

  /** Sends a parcel once for each key. */
  parcel: (reference: string, key: string): Promise<Charged> => ask('parcels', { reference }, key),

  /** Recalls a parcel once for each key. */
  async recall(reference: string, key: string): Promise<void> {
    await ask('recalls', { reference }, key)
  },
}

async function ask(route: string, body: object, key: string): Promise<Charged> {
  const response = await fetch(`${address}/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ ...body, by: process.pid }),
  })
  if (!response.ok) throw new Error(`The receiver answered ${response.status}.`)
  return (await response.json()) as Charged
}
