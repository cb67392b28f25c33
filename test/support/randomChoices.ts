/** Random choices, and the values that are worth choosing: edges, oddities, and what looks like code. */
import fc, { type GeneratorValue } from './fastCheck.ts';

const oddTexts = [
  '',
  ' ',
  'x',
  'Ada & Söhne <b>"\'`',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udc00x',
  '𝒳👩‍👩‍👧',
  '\u202e\u2028',
  '__proto__',
  'constructor',
  'attribute_exists(id)',
  '#pk = :v OR :v = :v',
  '{{7*7}} ${1+1} %s %n',
  "'; DROP TABLE users; --",
  '../../etc/passwd',
  'null',
  'x'.repeat(300),
  'ü'.repeat(3_000),
];
const oddInts = [0, 1, 2, 25, 100, 101, -1, 2_147_483_647, -2_147_483_648];
const oddFloats = [0, -0.5, 1, 1e308, -1e308, 5e-324, 123456789.123];
const oddDates = [
  '2026-01-31T12:00:00.000Z',
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '1969-12-31T23:59:59Z',
  '0000-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  'yesterday',
];
const oddAddresses = ['person@example.com', 'x', 'A@B.CO', 'a\u0000@example.com', `${'x'.repeat(300)}@example.com`];
const oddUrls = ['https://example.com/a?b=c', 'javascript:alert(1)', 'http://127.0.0.1:1/', 'http://[::1]/', 'file:///etc/passwd', 'x'];

/** Makes random choices. fast-check compares the arguments of its generators, so objects with cycles stay out of them. */
export class Choices {
  constructor(private readonly gen: GeneratorValue) {}

  upTo(most: number): number {
    return this.gen(fc.nat, { max: most });
  }

  chance(percent: number): boolean {
    return this.upTo(99) < percent;
  }

  one<T>(items: readonly T[]): T {
    return items[this.upTo(items.length - 1)]!;
  }

  /** Returns one to `most` of the items, each once. */
  several<T>(items: readonly T[], most: number): T[] {
    const left = [...items];
    const count = Math.min(left.length, 1 + this.upTo(most - 1));
    return Array.from({ length: count }, () => left.splice(this.upTo(left.length - 1), 1)[0]!);
  }

  text(): string {
    return this.chance(60) ? this.one(oddTexts) : this.gen(fc.string, { maxLength: 20, unit: 'binary' });
  }

  json(): unknown {
    return this.gen(fc.jsonValue, { maxDepth: 3 });
  }

  scalar(name: string, ids: readonly string[]): unknown {
    switch (name) {
      case 'ID':
        return this.chance(75) ? this.one(ids) : this.one(oddTexts);
      case 'Int':
        return this.chance(50) ? this.one(oddInts) : this.upTo(50);
      case 'Float':
        return this.one(oddFloats);
      case 'Boolean':
        return this.chance(50);
      case 'DateTime':
        return this.one(oddDates);
      case 'EmailAddress':
        return this.one(oddAddresses);
      case 'URL':
        return this.one(oddUrls);
      case 'JSON':
        return this.json();
      case 'JSONObject':
        return { [this.text()]: this.json(), key: this.json() };
      default:
        return this.text();
    }
  }
}
