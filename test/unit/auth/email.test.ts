import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { normalizeEmail } from '../../../src/auth/email.ts';

describe('normalizeEmail', () => {
  test.each([
    ['ada@example.com', 'ada@example.com'],
    ['  Ada.Lovelace@Example.COM\n', 'ada.lovelace@example.com'],
    ['ada+ci@mail.example.co.uk', 'ada+ci@mail.example.co.uk'],
    ["o'brien_&_sons@example.com", "o'brien_&_sons@example.com"],
    ['CAFE\u0301@example.com', 'caf\u00e9@example.com'],
    // A letter that is composed in lower case only.
    ['J\u030c@example.com', '\u01f0@example.com'],
    ['用户@example.com', '用户@example.com'],
    ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ['ada@B\u00fccher.example', 'ada@xn--bcher-kva.example'],
    ['ada@Bu\u0308cher.example', 'ada@xn--bcher-kva.example'],
    ['ada@1and1.com', 'ada@1and1.com'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
    [
      `${'a'.repeat(60)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}.org`,
      `${'a'.repeat(60)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}.org`,
    ],
  ])('%j → %j', (raw, email) => {
    expect(normalizeEmail(raw)).toEqual({ ok: true, email });
  });

  const at = /one @/;
  const local = /before the @/;
  const domain = /after the @/;
  const invisible = /space or an invisible character/;
  test.each([
    ['', /Enter an e-mail/],
    ['   ', /Enter an e-mail/],
    ['ada', at],
    ['@example.com', at],
    ['ada@', at],
    ['ada@home@example.com', at],
    ['ada lovelace@example.com', invisible],
    ['ada@exam\u0000ple.com', invisible],
    ['ada\u200b@example.com', invisible],
    ['ada\u202e@example.com', invisible],
    ['ada\ud800@example.com', invisible],
    ['ada\r\nbcc:eve@example.com', invisible],
    ['"ada"@example.com', local],
    ['ada<eve>@example.com', local],
    ['ada,eve@example.com', local],
    [`${'a'.repeat(65)}@example.com`, local],
    [`${'\u00e9'.repeat(33)}@example.com`, local],
    ['ada@localhost', domain],
    ['ada@example', domain],
    ['ada@.example.com', domain],
    ['ada@example..com', domain],
    ['ada@example.com.', domain],
    ['ada@-example.com', domain],
    ['ada@exa_mple.com', domain],
    ['ada@10.0.0.10', domain],
    ['ada@0x0a.10', domain],
    ['ada@[127.0.0.1]', domain],
    ['ada@example.com:25', domain],
    ['ada@example.com/x', domain],
    ['ada@ex%61mple.com', domain],
    [`ada@${'b'.repeat(64)}.com`, domain],
    [`${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}.org`, /at most 254/],
    [`ada@${'b.'.repeat(2_000_000)}com`, /at most 254/],
  ])('refuses %#', (raw, message) => {
    expect(normalizeEmail(raw)).toEqual({ ok: false, message: expect.stringMatching(message) });
  });

  test('gives its own result back, for any text before and after the @', () => {
    let accepted = 0;
    const tricky = fc.constantFrom(...Array.from('aAbZ09ßİIıſKéÉΣ.-\u0301'));
    const any = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
    const unit = fc.oneof({ weight: 20, arbitrary: tricky }, { weight: 1, arbitrary: any });
    const text = fc.string({ unit, minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const first = normalizeEmail(`${before}@${after}.com`);
        if (!first.ok) return;
        accepted += 1;
        expect(normalizeEmail(first.email)).toEqual(first);
        expect(normalizeEmail(` ${first.email.normalize('NFD')} `)).toEqual(first);
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
