import { describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { BadCursor, createCursorCodec, type Position } from '../../src/data/cursor.ts';

const codec = createCursorCodec(Buffer.alloc(32, 7));
const scope = JSON.stringify(['usr_1', 'project.schemas', 'ProjectIdIndex', 'prj_1']);
const position: Position = ['2026-01-01T00:00:00.000Z', 'sch_1', 3];

test('a cursor gives back its position', () => {
  const positions = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer()), { maxLength: 4 });
  fc.assert(fc.property(positions, fc.string(), (values, any) => expect(codec.decode(codec.encode(values, any), any)).toEqual(values)));
});

test('a cursor is opaque and safe in URLs', () => {
  const cursor = codec.encode(position, scope);
  expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
});

describe('a cursor is refused', () => {
  const cursor = codec.encode(position, scope);
  const bytes = Buffer.from(cursor, 'base64url');

  test.each([
    ['of another list', cursor, scope.replace('schemas', 'deployments')],
    ['of another user', cursor, scope.replace('usr_1', 'usr_2')],
    ['that is empty', '', scope],
    ['that is only a signature', bytes.subarray(0, 12).toString('base64url'), scope],
    ['that is no base64', '%%%%', scope],
    ['with stray characters', `${cursor}!`, scope],
    ['with a line break', `${cursor}\n`, scope],
    ['that is cut short', cursor.slice(0, -4), scope],
    ['of another server', createCursorCodec(Buffer.alloc(32, 8)).encode(position, scope), scope],
    ['made by hand', Buffer.from(JSON.stringify(position)).toString('base64url'), scope],
  ])('%s', (_, text, list) => {
    expect(() => codec.decode(text, list)).toThrow(BadCursor);
  });

  test('with any one bit changed', () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => codec.decode(changed.toString('base64url'), scope)).toThrow(BadCursor);
    }
  });

  test('when scope and position are moved against each other', () => {
    const one = codec.encode(['a', 'b'], 'list');
    expect(() => codec.decode(one, 'list\0["a","b"]')).toThrow(BadCursor);
  });
});
