/** Owns a room that somebody is in: coming back after a disconnect, who is there, what is said. */

import { failureIn, ownFailure } from '../call/failure.ts'
import type { MessageSource, Room, RoomFollower, RoomMember } from '../typed/channels.ts'
import { type FollowParts, follow } from './follow.ts'

/** A channel without its types. */
export interface ErasedRoom {
  readonly channel: string
  readonly params: unknown
  readonly follower: RoomFollower<never>
}

interface Told {
  readonly present?: readonly RoomMember<never>[]
  readonly is?: 'join' | 'update' | 'leave'
  readonly member: string
  readonly data: never
  readonly from: MessageSource
}

/** Comes into a room, and stays until `leave` or until one is let in no more. */
export function enterRoom(
  parts: FollowParts,
  { channel, params, follower }: ErasedRoom,
): Room<never> {
  const present = new Map<string, RoomMember<never>>()
  let shown: unknown = follower.presence
  let say: ((message: object) => void) | undefined
  const heard = (name: string, message: unknown): void => {
    const told = message as Told
    if (name === 'message') follower.message?.(told.data, told.from)
    else if (name === 'gap') follower.gap?.()
    else if (name === 'refused') follower.refused?.(failureIn(told) ?? ownFailure('unreachable'))
    else if (name === 'joined' || name === 'presence') {
      if (name === 'joined') present.clear()
      const { present: all = name === 'joined' ? [] : [told as never], is } = told
      if (is === 'leave') present.delete(told.member)
      else for (const one of all as readonly RoomMember<never>[]) present.set(one.member, one)
      follower.present?.([...present.values()].map(memberOf))
    }
  }
  const wish = () => ({ type: 'join', channel, params, state: shown })
  const leave = follow(
    parts,
    { wish },
    {
      next() {},
      told: heard,
      begun: (begun) => {
        say = begun
      },
      state(state) {
        if (state === 'away') say = undefined
        follower.state?.(state)
      },
      failed(failure) {
        say = undefined
        follower.failed?.(failure)
      },
    },
  )
  return {
    publish(data) {
      if (say) say({ type: 'publish', data })
      else follower.refused?.(ownFailure('unreachable'))
    },
    show(state) {
      shown = state
      say?.({ type: 'presence', state })
    },
    leave,
  }
}

function memberOf({ member, who, state }: RoomMember<never>): RoomMember<never> {
  return { member, who, state }
}
