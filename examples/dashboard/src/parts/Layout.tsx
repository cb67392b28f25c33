/** The frame around every page of a signed-in user. */
import { useEffect, type ReactNode } from 'react';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { useLiveState } from '../api/api.ts';
import { setSession } from '../api/session.ts';
import { SignOut } from '../operations.ts';
import { chooseTheme, useTheme, type ThemeChoice } from '../theme.ts';

export function ThemeSwitch() {
  const theme = useTheme();
  return (
    <label className="theme-switch">
      <span className="visually-hidden">Colours</span>
      <select value={theme} onChange={({ target }) => chooseTheme(target.value as ThemeChoice)}>
        <option value="system">As the device</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}

const liveWords = { idle: '', connecting: 'Connecting …', live: 'Live', reconnecting: 'Reconnecting …' };

/** Says whether what is shown is kept current. */
function LiveMark() {
  const state = useLiveState();
  return (
    <span className="live" data-live={state} role="status">
      {state !== 'idle' && <span className="dot" aria-hidden="true" />}
      {liveWords[state]}
    </span>
  );
}

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent-solid)" />
      <path d="M9 11h14M9 16h14M9 21h9" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}

export function Layout({ title, user, children }: { title: string; user?: string | undefined; children: ReactNode }) {
  const [{ fetching }, signOut] = useMutation(SignOut);
  useEffect(() => {
    document.title = `${title} · Snapinfra`;
  }, [title]);
  // Whatever the server says, this browser forgets its tokens.
  const leave = (): void => void signOut({}).finally(() => setSession(null));
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="top">
        <Link href="/" className="brand">
          <Logo />
          Snapinfra
        </Link>
        <div className="top-end">
          <LiveMark />
          <ThemeSwitch />
          {user && <span className="top-user">{user}</span>}
          <button type="button" onClick={leave} aria-busy={fetching}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
