/** Cursors: opaque, signed positions in a list, bound to the list, its arguments and its reader. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A cursor that is damaged, forged, or of another list, other arguments or another user. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

/** Values of the key attributes of a position, in the order of the list's key attributes. */
export type Position = readonly (string | number)[];

/** Turns positions into cursors and back. */
export interface CursorCodec {
  /** Returns the cursor of a position in the list that `scope` describes. */
  encode(position: Position, scope: string): string;
  /** Returns the position of a cursor; throws `BadCursor` when it was not made for exactly this `scope`. */
  decode(cursor: string, scope: string): Position;
}

const signatureBytes = 12;

/** Returns a codec that signs with `key` (HMAC-SHA-256, truncated to 96 bits as RFC 2104 section 5 allows). */
export function createCursorCodec(key: Buffer): CursorCodec {
  const sign = (payload: Buffer, scope: string): Buffer =>
    createHmac('sha256', key).update(scope).update('\0').update(payload).digest().subarray(0, signatureBytes);

  return {
    encode(position, scope) {
      const payload = Buffer.from(JSON.stringify(position));
      return Buffer.concat([sign(payload, scope), payload]).toString('base64url');
    },
    decode(cursor, scope) {
      const bytes = Buffer.from(cursor, 'base64url');
      const payload = bytes.subarray(signatureBytes);
      const genuine = bytes.length > signatureBytes && timingSafeEqual(bytes.subarray(0, signatureBytes), sign(payload, scope));
      // Decoding ignores stray characters, so a changed text may decode to genuine bytes: only the exact text counts.
      if (!genuine || bytes.toString('base64url') !== cursor) throw new BadCursor('The cursor does not belong to this list.');
      return JSON.parse(payload.toString()) as Position;
    },
  };
}
