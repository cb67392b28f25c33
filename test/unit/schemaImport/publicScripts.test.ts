/** Scripts of other people (Chinook, Northwind), where a copy of them lies beside the project. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { importJson, importSql } from '../../../src/domains/databaseSchemas/import/index.ts';
import { links, succeed } from './support.ts';

const folder = new URL('../../../../shared/samples/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');

/** Foreign keys of Chinook, by lower-case names without underscores: the dialects spell them differently. */
const chinook = [
  'album(artistid) > artist(artistid)',
  'customer(supportrepid) > employee(employeeid)',
  'employee(reportsto) > employee(employeeid)',
  'invoice(customerid) > customer(customerid)',
  'invoiceline(invoiceid) > invoice(invoiceid)',
  'invoiceline(trackid) > track(trackid)',
  'playlisttrack(playlistid) > playlist(playlistid)',
  'playlisttrack(trackid) > track(trackid)',
  'track(albumid) > album(albumid)',
  'track(genreid) > genre(genreid)',
  'track(mediatypeid) > mediatype(mediatypeid)',
];

(existsSync(folder) ? describe : describe.skip)('public scripts', () => {
  test.each(['postgres', 'mysql', 'sqlite'] as const)('Chinook for %s: 11 tables, 11 foreign keys', async (dialect) => {
    const { body } = succeed(await importSql({ source: read(`chinook.${dialect}.sql`), dialect }));
    expect(body.tables).toHaveLength(11);
    expect(links(body).map((line) => line.split(' one-to-many')[0]!.toLowerCase().replaceAll('_', ''))).toEqual(chinook);
  });

  test('Northwind: 14 tables, 13 foreign keys by the primary keys of ALTER TABLE', async () => {
    const { body } = succeed(await importSql({ source: read('northwind.postgres.sql'), dialect: 'postgres' }));
    expect([body.tables.length, body.relationships.length]).toEqual([14, 13]);
    expect(links(body)).toContain('order_details(order_id) > orders(order_id) one-to-many -/-');
  });

  test('an AI answer', () => {
    const { body, warnings } = succeed(importJson(read('ai-backend-social-media.json')));
    expect(links(body)).toEqual(['posts(user_id) > users(id) one-to-many -/-']);
    expect(warnings.map(({ construct }) => construct)).toEqual(['answer.endpoints', 'answer.analysis']);
  });
});
