/** Default expressions as a small syntax tree, so that they are printed anew for each dialect and never copied as text. */
import { ExpressionError, tokenizeExpression, type ExpressionToken } from './expressionTokens.ts';

export type Literal =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'digits'; readonly value: string; readonly radix: 2 | 16 };

export type Expression =
  | Literal
  /** A function call; `name` in lower case. Keywords without parentheses, such as CURRENT_TIMESTAMP, are calls without arguments. */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: string }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  /** A bare word; no dialect allows columns in a default, so it is most likely a string whose quotes were forgotten. */
  | { readonly kind: 'name'; readonly value: string };

export interface DefaultExpression {
  readonly expression: Expression;
  /** True for MySQL's `… ON UPDATE CURRENT_TIMESTAMP`. */
  readonly onUpdate: boolean;
}

const keywordCalls = new Set([
  'current_timestamp',
  'current_date',
  'current_time',
  'localtime',
  'localtimestamp',
  'current_user',
  'session_user',
  'user',
]);
const typeWords = new Set(['varying', 'precision', 'with', 'without', 'time', 'zone', 'unsigned']);
const operators: readonly (readonly string[])[] = [['||'], ['+', '-'], ['*', '/', '%']];
const maxDepth = 40;

/** A recursive-descent parser over one list of tokens. */
class Parser {
  private position = 0;
  private depth = 0;
  private readonly tokens: readonly ExpressionToken[];

  constructor(tokens: readonly ExpressionToken[]) {
    this.tokens = tokens;
  }

  private peek(): ExpressionToken | undefined {
    return this.tokens[this.position];
  }

  private isSign(value: string): boolean {
    const next = this.peek();
    return next?.kind === 'sign' && next.value === value;
  }

  private isWord(value: string, offset = 0): boolean {
    const next = this.tokens[this.position + offset];
    return next?.kind === 'word' && next.value.toLowerCase() === value;
  }

  private accept(value: string): boolean {
    const found = this.isSign(value);
    if (found) this.position += 1;
    return found;
  }

  private expect(value: string): void {
    if (!this.accept(value)) throw new ExpressionError(`a "${value}" is missing`);
  }

  parseDefault(): DefaultExpression {
    const expression = this.binary(0);
    let onUpdate = false;
    if (this.isWord('on') && this.isWord('update', 1)) {
      this.position += 2;
      this.primary();
      onUpdate = true;
    }
    if (this.peek()) throw new ExpressionError(`"${this.peek()?.value ?? ''}" is not expected there`);
    return { expression, onUpdate };
  }

  private binary(level: number): Expression {
    const signs = operators[level];
    if (!signs) return this.unary();
    let left = this.binary(level + 1);
    for (let next = this.peek(); next?.kind === 'sign' && signs.includes(next.value); next = this.peek()) {
      this.position += 1;
      left = { kind: 'binary', operator: next.value, left, right: this.binary(level + 1) };
    }
    return left;
  }

  private unary(): Expression {
    if (this.accept('+')) return this.unary();
    if (!this.accept('-')) return this.postfix();
    const operand = this.nested(() => this.unary());
    return operand.kind === 'number' && !operand.value.startsWith('-')
      ? { kind: 'number', value: `-${operand.value}` }
      : { kind: 'unary', operator: '-', operand };
  }

  private nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > maxDepth) throw new ExpressionError('it is nested too deeply');
    const result = parse();
    this.depth -= 1;
    return result;
  }

  private postfix(): Expression {
    let operand = this.primary();
    for (;;) {
      if (this.accept('::')) operand = { kind: 'cast', operand, type: this.typeText() };
      else if (this.isWord('at') && this.isWord('time', 1) && this.isWord('zone', 2)) {
        this.position += 3;
        operand = { kind: 'binary', operator: 'AT TIME ZONE', left: operand, right: this.primary() };
      } else return operand;
    }
  }

  private typeText(): string {
    const first = this.peek();
    if (first?.kind !== 'word' && first?.kind !== 'quoted') throw new ExpressionError('a type name is missing after "::"');
    this.position += 1;
    let text = first.kind === 'quoted' ? `"${first.value.replaceAll('"', '""')}"` : first.value;
    if (this.accept('(')) text += `(${this.numbers()})`;
    for (let next = this.peek(); next?.kind === 'word' && typeWords.has(next.value.toLowerCase()); next = this.peek()) {
      this.position += 1;
      text += ` ${next.value}`;
    }
    if (this.accept('(')) text += `(${this.numbers()})`;
    while (this.accept('[')) {
      this.expect(']');
      text += '[]';
    }
    return text;
  }

  private numbers(): string {
    const values: string[] = [];
    do {
      const next = this.peek();
      if (next?.kind !== 'number') throw new ExpressionError('a type has an argument that is not a number');
      values.push(next.value);
      this.position += 1;
    } while (this.accept(','));
    this.expect(')');
    return values.join(',');
  }

  private list(close: string): Expression[] {
    const items: Expression[] = [];
    if (this.accept(close)) return items;
    do items.push(this.nested(() => this.binary(0)));
    while (this.accept(','));
    this.expect(close);
    return items;
  }

  private primary(): Expression {
    const next = this.peek();
    if (!next) throw new ExpressionError('it ends too early');
    this.position += 1;
    switch (next.kind) {
      case 'string':
      case 'number':
      case 'digits':
        return next;
      case 'quoted':
        return { kind: 'string', value: next.value };
      case 'word':
        return this.word(next.value);
      case 'sign': {
        if (next.value !== '(') throw new ExpressionError(`"${next.value}" is not expected there`);
        const inner = this.nested(() => this.binary(0));
        this.expect(')');
        return inner;
      }
    }
  }

  private word(text: string): Expression {
    const name = text.toLowerCase();
    if (name === 'null') return { kind: 'null' };
    if (name === 'true' || name === 'false') return { kind: 'boolean', value: name === 'true' };
    if (name === 'array' && this.accept('[')) return { kind: 'array', items: this.list(']') };
    if (name === 'cast' && this.accept('(')) return this.castCall();
    if (this.accept('(')) return { kind: 'call', name, args: this.list(')') };
    if (keywordCalls.has(name)) return { kind: 'call', name, args: [] };
    const next = this.peek();
    if (next?.kind !== 'string') return { kind: 'name', value: text };
    this.position += 1;
    return { kind: 'cast', operand: next, type: text };
  }

  private castCall(): Expression {
    const operand = this.nested(() => this.binary(0));
    if (!this.isWord('as')) throw new ExpressionError('CAST needs AS and a type');
    this.position += 1;
    const type = this.typeText();
    this.expect(')');
    return { kind: 'cast', operand, type };
  }
}

/**
 * Returns the syntax tree of a default expression of any dialect.
 * @throws {ExpressionError} for text that is no single expression of literals, calls, casts and operators.
 */
export function parseDefaultExpression(text: string): DefaultExpression {
  return new Parser(tokenizeExpression(text)).parseDefault();
}
