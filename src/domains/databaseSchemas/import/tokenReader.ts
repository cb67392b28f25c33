/** A cursor over the tokens of one statement, for the parsers of MySQL and SQLite DDL. */
import { type Token, tokenize } from './lexer.ts';
import { type ImportDialect, SourceError } from './result.ts';
import { isReserved } from './ddl/reserved.ts';
import { joinTokens, tokenValue } from './tokenText.ts';

/** Deeper brackets than any sensible DDL has. */
const MAX_DEPTH = 200;

/** Reads tokens from left to right; `take…` consumes and answers whether it did, `expect…` throws a SourceError otherwise. */
export class TokenReader {
  readonly source: string;
  readonly dialect: ImportDialect;
  private readonly tokens: readonly Token[];
  private index = 0;

  constructor(source: string, range: { start: number; end: number }, dialect: ImportDialect) {
    this.source = source;
    this.dialect = dialect;
    this.tokens = tokenize(source, range, dialect);
  }

  /** The token `ahead` of the next one; the end token at and after the end. */
  peek(ahead = 0): Token {
    const token = this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)];
    if (!token) throw new Error('a statement has an end token');
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.index += 1;
    return token;
  }

  /** UTF-16 offset of the next token. */
  get offset(): number {
    return this.peek().start;
  }

  get atEnd(): boolean {
    return this.peek().kind === 'end';
  }

  text(token: Token): string {
    return this.source.slice(token.start, token.end);
  }

  /** The word `ahead` in upper case; empty where no unquoted word stands. */
  word(ahead = 0): string {
    const token = this.peek(ahead);
    return token.kind === 'word' ? this.text(token).toUpperCase() : '';
  }

  /** True where these unquoted words come next, in this order. */
  isWords(...words: string[]): boolean {
    return words.every((word, ahead) => this.word(ahead) === word);
  }

  takeWords(...words: string[]): boolean {
    if (!this.isWords(...words)) return false;
    this.index += words.length;
    return true;
  }

  /** Takes the next word if it is one of these, and returns it. */
  takeOneOf(...words: string[]): string | undefined {
    const word = this.word();
    if (word === '' || !words.includes(word)) return undefined;
    this.index += 1;
    return word;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'symbol' && this.text(token) === symbol;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.index += 1;
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) this.fail(`"${symbol}"`);
  }

  expectWords(...words: string[]): void {
    if (!this.takeWords(...words)) this.fail(words.join(' '));
  }

  /** True where a name stands: quoted, or a word that the dialect does not reserve. */
  get isName(): boolean {
    const { kind } = this.peek();
    return kind === 'name' || kind === 'string' || (kind === 'word' && !isReserved(this.dialect, this.word()));
  }

  /** Takes a name and returns it without quotes. `what` says in an error what was expected. */
  expectName(what: string): string {
    if (!this.isName) this.fail(what);
    return tokenValue(this.source, this.next(), this.dialect);
  }

  /** Takes a string and returns its content. */
  expectString(what: string): string {
    if (this.peek().kind !== 'string') this.fail(what);
    return tokenValue(this.source, this.next(), this.dialect);
  }

  /** Takes `( … )` with all that is inside and returns its tokens, brackets included. */
  expectBrackets(): Token[] {
    const start = this.index;
    const open = this.offset;
    this.expectSymbol('(');
    for (let depth = 1; depth > 0;) {
      if (this.atEnd) throw new SourceError('The bracket that opens here is never closed.', open);
      if (this.isSymbol('(')) depth += 1;
      else if (this.isSymbol(')')) depth -= 1;
      if (depth > MAX_DEPTH) this.failWith(`Brackets are nested more than ${MAX_DEPTH} deep.`);
      this.index += 1;
    }
    return this.tokens.slice(start, this.index);
  }

  /** Takes what stands before the next comma or closing bracket of this level. */
  takeItem(): Token[] {
    const start = this.index;
    while (!this.atEnd && !this.isSymbol(',') && !this.isSymbol(')')) {
      if (this.isSymbol('(')) this.expectBrackets();
      else this.index += 1;
    }
    return this.tokens.slice(start, this.index);
  }

  /** SQL text of tokens, without comments. */
  sql(tokens: readonly Token[]): string {
    return joinTokens(this.source, tokens);
  }

  /** Throws a SourceError at the next token that says what was expected instead. */
  fail(expected: string): never {
    const token = this.peek();
    const text = this.text(token);
    const found = token.kind === 'end' ? 'the statement ends' : `found ${text.length > 40 ? `${text.slice(0, 40)}…` : text}`;
    return this.failWith(`Syntax error: expected ${expected}, but ${found}.`);
  }

  /** Throws a SourceError at the next token. */
  failWith(message: string): never {
    throw new SourceError(message, this.offset);
  }
}
