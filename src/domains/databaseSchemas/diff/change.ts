/** One difference between two versions of a schema, as people talk about it. */

/** What changed; the SDL's SchemaChangeKind in stored form. */
export type ChangeKind =
  | 'table-added'
  | 'table-removed'
  | 'table-renamed'
  | 'table-description-changed'
  | 'field-added'
  | 'field-removed'
  | 'field-type-changed'
  | 'field-nullability-changed'
  | 'field-default-changed'
  | 'field-uniqueness-changed'
  | 'field-auto-increment-changed'
  | 'field-description-changed'
  | 'field-order-changed'
  | 'index-added'
  | 'index-removed'
  | 'index-changed'
  | 'relationship-added'
  | 'relationship-removed'
  | 'relationship-changed'
  | 'enum-added'
  | 'enum-removed'
  | 'enum-value-added'
  | 'enum-value-removed'
  | 'enum-order-changed';

/** `breaking` loses data or refuses rows that were fine; `risky` keeps every row, but programs may notice; `safe` is neither. */
export type ChangeSeverity = 'breaking' | 'risky' | 'safe';

/** One change from the base to the head. */
export interface SchemaChange {
  kind: ChangeKind;
  /** Place in the head (in the base for what was removed), such as `tables.orders.fields.total`. */
  path: string;
  /** What it was and is, as text; null where there was or is nothing. */
  before: string | null;
  after: string | null;
  severity: ChangeSeverity;
}
