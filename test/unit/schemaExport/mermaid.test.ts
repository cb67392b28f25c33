/** Mermaid exports are read by mermaid itself. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { bodyArbitrary } from './arbitrary.ts';
import { sampleShop } from './bodies.ts';

interface Diagram {
  entities: { label: string; attributes: string[] }[];
  relationships: number;
  error?: string;
}

function parseAll(texts: string[]): Diagram[] {
  const output = execFileSync(process.execPath, ['test/unit/schemaExport/mermaidParser.mjs'], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  return JSON.parse(output) as Diagram[];
}

const mermaidOf = (body: SchemaBody): string => exportSchema({ name: 'x', body, format: 'mermaid', dialect: 'postgres' }).text;

describe('export as Mermaid', () => {
  test('is read by mermaid for any body, with every table and field', () => {
    const bodies = fc.sample(bodyArbitrary, 150);
    const texts = bodies.map(mermaidOf);
    const diagrams = parseAll([...texts, 'erDiagram\n  broken {']);
    // The parser must be able to refuse.
    expect(diagrams.pop()?.error).toBeDefined();
    for (const [index, diagram] of diagrams.entries()) {
      if (diagram.error !== undefined) throw new Error(`${diagram.error}\n${texts[index]!}`);
      expect(diagram.entities.map(({ attributes }) => attributes.length)).toEqual(bodies[index]!.tables.map(({ fields }) => fields.length));
    }
  }, 60_000);

  test('shows keys, optional ends and readable labels', () => {
    const body: SchemaBody = {
      ...sampleShop,
      tables: [
        ...sampleShop.tables,
        { id: 't3', name: 'gift "cards" 100%', fields: [{ name: 'card no.', type: 'numeric(10,2)', required: true }], indexes: [] },
      ],
    };
    expect(mermaidOf(body)).toBe(`erDiagram
  orders {
    serial id PK
    integer customer_id FK
    order_status status "Where it stands; see ＼docs"
    NUMERIC(10,2) total
    TINYINT(1) paid
    timestamp_with_time_zone placed_at
  }
  customers {
    INT id PK
    varchar(160) email UK
    integer last_order_id FK
  }
  gift_cards_100_["gift ”cards” 100％"] {
    numeric(10,2) card_no_ "card no."
  }
  orders }o--|| customers : "customer_id"
  customers }o--o| orders : "last_order_id"
`);
  });
});
