/** Owns the open connections of a server: who is busy, who is idle, when an idle one may end. */

import type { Socket } from 'node:net'

/** What is known of one connection. */
export interface Connection {
  readonly socket: Socket
  /** Requests that were read and not yet answered in full. */
  busy: number
  /** True once nothing more is taken from it: the last answer ends it. */
  closing: boolean
  /** True once one of its requests was compared with the settings. */
  looked: boolean
  bytesSeen: number
  quietSweeps: number
}

/** The set of open connections. */
export class Connections {
  readonly #open = new Map<Socket, Connection>()

  get count(): number {
    return this.#open.size
  }

  /** Follows a socket until it closes. */
  add(socket: Socket, whenClosed: () => void): Connection {
    const quiet = { bytesSeen: 0, quietSweeps: 0 }
    const connection = { socket, busy: 0, closing: false, looked: false, ...quiet }
    this.#open.set(socket, connection)
    socket.once('close', () => {
      this.#open.delete(socket)
      whenClosed()
    })
    return connection
  }

  of(socket: Socket): Connection | undefined {
    return this.#open.get(socket)
  }

  /**
   * Ends the connections that were idle for so many sweeps in a row. A client may be sending on an
   * idle connection at this very moment, so they end late, and only in the event loop's turn right
   * after arrived bytes were read: what had reached us by then has made its connection busy.
   */
  sweep(quietSweepsMax: number): void {
    for (const connection of this.#open.values()) {
      const { bytesRead } = connection.socket
      const quiet = connection.busy === 0 && bytesRead === connection.bytesSeen
      connection.quietSweeps = quiet ? connection.quietSweeps + 1 : 0
      connection.bytesSeen = bytesRead
      if (connection.quietSweeps > quietSweepsMax) setImmediate(endIfQuiet, connection)
    }
  }

  /** Ends all of them now. */
  destroy(): void {
    for (const socket of this.#open.keys()) socket.destroy()
  }
}

function endIfQuiet(connection: Connection): void {
  const { socket, busy, bytesSeen } = connection
  if (busy === 0 && socket.bytesRead === bytesSeen) socket.destroySoon()
}
