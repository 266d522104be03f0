/** Owns the process that receives mail; now and then it takes a mail and says nothing. */

import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'
import { Ledger } from './ledger.ts'

const [port, file = '', troubles = '0'] = process.argv.slice(2)
const ledger = new Ledger(file)
const troublePercent = Number(troubles)
let count = 0

async function receive(stream: SMTPServerDataStream): Promise<boolean> {
  const begunAt = Date.now()
  const message = await text(stream)
  const field = (name: string): string => {
    return new RegExp(`^${name}: (.*)$`, 'im').exec(message)?.[1]?.trim() ?? ''
  }
  ledger.take({ route: 'mail', key: field('Message-ID'), body: field('Subject'), begunAt })
  return ++count % 100 < troublePercent
}

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  onData(stream, session, answer) {
    receive(stream).then((silent) => {
      if (!silent) return answer()
      for (const each of server.connections) if (each.id === session.id) each.close()
    }, answer)
  },
})
server.on('error', () => undefined)
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('The receiver is ready.\n'))
