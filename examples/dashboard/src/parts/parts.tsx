/** Small pieces that every page uses. */
import { useEffect, useId, useRef, type ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { describeError, type Problem } from '../api/action.ts';
import { inWords, timeAgo } from './format.ts';

/** A state, told by a word and, beside it, a colour. */
export function Status({ value }: { value: string }) {
  return (
    <span className="status" data-status={value}>
      <span className="dot" aria-hidden="true" />
      {inWords(value)}
    </span>
  );
}

export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {timeAgo(at)}
    </time>
  );
}

/** A section of a page, named by its heading. */
export function Card({
  title,
  aside,
  children,
  className = '',
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <header className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** What stands where there is nothing yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** The shape of a page while it loads. */
export function Skeleton({ label, rows = 3 }: { label: string; rows?: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="skeleton-row" aria-hidden="true" />
      ))}
    </div>
  );
}

/** An error of a whole page, or of a part of it, with a way out. */
export function Failure({ error, retry }: { error: CombinedError; retry: () => void }) {
  return (
    <div className="notice notice-bad" role="alert">
      <p>{describeError(error)}</p>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** What went wrong with a form as a whole. */
export function Problems({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <div className="notice notice-bad" role="alert">
      {problems.map(({ message }) => (
        <p key={message}>{message}</p>
      ))}
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly problem?: string | undefined;
  readonly hint?: string;
  readonly children: (ids: { id: string; name: string; 'aria-invalid': boolean; 'aria-describedby': string | undefined }) => ReactNode;
}

/** A labelled field. What the API refuses is said at the field, which gets the focus. */
export function Field({ label, name, problem, hint, children }: FieldProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem === undefined) return;
    const first = box.current?.closest('form')?.querySelector<HTMLElement>('[aria-invalid="true"]');
    first?.focus();
  }, [problem]);
  const describedBy = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ') || undefined;
  return (
    <div className="field" ref={box}>
      <label htmlFor={id}>{label}</label>
      {children({ id, name, 'aria-invalid': problem !== undefined, 'aria-describedby': describedBy })}
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem && (
        <p className="problem" id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** A button that says that it is at work; it keeps the focus meanwhile. */
export function Submit({ pending, children, quiet = false }: { pending: boolean; children: ReactNode; quiet?: boolean }) {
  return (
    <button
      type="submit"
      className={quiet ? '' : 'primary'}
      aria-disabled={pending}
      aria-busy={pending}
      onClick={(event) => pending && event.preventDefault()}
    >
      {pending && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

/** Returns a text field of a form. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
