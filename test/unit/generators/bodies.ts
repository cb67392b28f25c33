/** Hand-made bodies for generated servers. */
import type { SchemaBody, SchemaField } from '../../../src/domains/databaseSchemas/model.ts';

const field = (name: string, type: string, more: Partial<SchemaField> = {}): SchemaField => ({ name, type, required: false, ...more });

/** One table with a column of each kind of type, and one without a key. */
export const everyType: SchemaBody = {
  enums: [{ name: 'mood', values: ['glad', 'so so', "can't say"] }],
  tables: [
    {
      id: 't1',
      name: 'every_type',
      description: 'A column of each kind */ of type',
      fields: [
        field('id', 'bigserial', { required: true, autoIncrement: true, description: 'Numbered by the database' }),
        field('small', 'smallint', { defaultValue: '7' }),
        field('count', 'INT UNSIGNED'),
        field('large', 'bigint'),
        field('price', 'numeric(10,2)', { required: true, defaultValue: '0' }),
        field('ratio', 'double precision'),
        field('active', 'boolean', { required: true, defaultValue: 'true' }),
        field('code', 'char(3)'),
        field('title', 'varchar(5)'),
        field('body', 'text'),
        field('born', 'date'),
        field('opens', 'time'),
        field('seen_at', 'timestamp with time zone', { defaultValue: 'now()' }),
        field('local_at', 'timestamp'),
        field('token', 'uuid', { unique: true, defaultValue: 'gen_random_uuid()' }),
        field('settings', 'jsonb', { defaultValue: "'{}'" }),
        field('photo', 'bytea'),
        field('mood', 'mood', { defaultValue: "'so so'" }),
        field('tags', 'text[]', { defaultValue: "'{}'" }),
        field('numbers', 'integer[]'),
        field('moments', 'timestamptz[]'),
        field('address', 'inet'),
        field('mask', 'bit(3)'),
        field('wait', 'interval'),
      ],
      indexes: [{ name: 'every_type_pkey', fields: ['id'], type: 'primary' }],
    },
    { id: 't2', name: 'notes', fields: [field('text', 'text'), field('at', 'timestamptz')], indexes: [] },
  ],
  relationships: [],
};

/** Authors, books, and who likes which book: a self reference, a cascade, a restriction, a key of two columns. */
export const library: SchemaBody = {
  enums: [{ name: 'genre', values: ['novel', 'short story'] }],
  tables: [
    {
      id: 't1',
      name: 'authors',
      fields: [
        field('id', 'serial', { required: true, autoIncrement: true }),
        field('name', 'varchar(40)', { required: true, unique: true }),
        field('mentor_id', 'integer'),
      ],
      indexes: [{ name: 'authors_pkey', fields: ['id'], type: 'primary' }],
    },
    {
      id: 't2',
      name: 'books',
      fields: [
        field('id', 'uuid', { required: true, defaultValue: 'gen_random_uuid()' }),
        field('author_id', 'integer', { required: true }),
        field('title', 'varchar(80)', { required: true }),
        field('genre', 'genre', { required: true, defaultValue: "'novel'" }),
        field('price', 'numeric(8,2)'),
      ],
      indexes: [{ name: 'books_pkey', fields: ['id'], type: 'primary' }],
    },
    {
      id: 't3',
      name: 'Book Likes',
      fields: [
        field('book_id', 'uuid', { required: true }),
        field('author_id', 'integer', { required: true }),
        field('stars', 'smallint', { required: true, defaultValue: '5' }),
      ],
      indexes: [{ name: 'likes_pkey', fields: ['book_id', 'author_id'], type: 'primary' }],
    },
    { id: 't4', name: 'visits', fields: [field('page', 'text'), field('at', 'timestamptz')], indexes: [] },
  ],
  relationships: [
    {
      id: 'r1',
      fromTable: 'authors',
      fromField: 'mentor_id',
      toTable: 'authors',
      toField: 'id',
      type: 'one-to-many',
      onDelete: 'set-null',
    },
    { id: 'r2', fromTable: 'books', fromField: 'author_id', toTable: 'authors', toField: 'id', type: 'one-to-many' },
    { id: 'r3', fromTable: 'Book Likes', fromField: 'book_id', toTable: 'books', toField: 'id', type: 'one-to-many', onDelete: 'cascade' },
    {
      id: 'r4',
      fromTable: 'Book Likes',
      fromField: 'author_id',
      toTable: 'authors',
      toField: 'id',
      type: 'one-to-many',
      onDelete: 'cascade',
    },
  ],
};
