/** Owns `npm run sandbox -w store`: the payment sandbox by itself, on the store's own book. */

import { startSandbox } from 'plinth/payments'
import { sandboxFile, webhookUrl } from './checkout/provider.ts'

const { env } = process
const sandbox = await startSandbox({ file: sandboxFile(env), webhookUrl: webhookUrl(env) })
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(sandbox.started ? 'The payment sandbox listens.' : 'The payment sandbox was listening already.')
say(`  address  ${sandbox.url}`)
say(`  key      ${sandbox.key}`)
say(`  charges  curl -H 'Authorization: Bearer ${sandbox.key}' ${sandbox.url}/charges`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandbox.stop().then(() => process.exit(0)))
}
