/** Sign-in and sign-up: one form, and what the API refuses at its fields. */
import { useEffect, useState, type SyntheticEvent } from 'react';
import { otherProblems, problemOf, useAction } from '../api/action.ts';
import { sessionNotice, sessionOf, setSession } from '../api/session.ts';
import { SignIn, SignUp } from '../operations.ts';
import { Logo, ThemeSwitch } from '../parts/Layout.tsx';
import { Field, Problems, Submit, textOf } from '../parts/parts.tsx';

export function SignInPage() {
  const [isNew, setIsNew] = useState(false);
  useEffect(() => {
    document.title = `${isNew ? 'Create an account' : 'Sign in'} · Snapinfra`;
  }, [isNew]);
  const notice = sessionNotice();
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <div className="brand">
          <Logo /> Snapinfra
        </div>
        <h1>{isNew ? 'Create an account' : 'Sign in'}</h1>
        {notice && !isNew && (
          <p className="notice" role="status">
            {notice}
          </p>
        )}
        <SignInForm key={String(isNew)} isNew={isNew} />
        <p className="sign-in-other">
          {isNew ? 'You have an account?' : 'New here?'}{' '}
          <button type="button" className="link" onClick={() => setIsNew(!isNew)}>
            {isNew ? 'Sign in' : 'Create an account'}
          </button>
        </p>
        <ThemeSwitch />
      </div>
    </main>
  );
}

const names = ['email', 'password', 'username'];

function SignInForm({ isNew }: { isNew: boolean }) {
  const [signIn, signUp] = [useAction(SignIn), useAction(SignUp)];
  const { pending, problems } = isNew ? signUp : signIn;
  const submit = async (event: SyntheticEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const account = { email: textOf(form, 'email'), password: String(form.get('password')) };
    const tokens = await (isNew
      ? signUp.run({ input: { ...account, username: textOf(form, 'username') } })
      : signIn.run({ input: account }));
    const session = tokens && sessionOf(tokens);
    if (session) setSession(session);
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Problems problems={otherProblems(problems, names)} />
      {isNew && (
        <Field label="Name" name="username" problem={problemOf(problems, 'username')}>
          {(field) => <input {...field} autoComplete="name" autoFocus />}
        </Field>
      )}
      <Field label="E-mail" name="email" problem={problemOf(problems, 'email')}>
        {(field) => <input {...field} type="email" autoComplete="username" autoFocus={!isNew} />}
      </Field>
      <Field
        label="Password"
        name="password"
        problem={problemOf(problems, 'password')}
        {...(isNew && { hint: 'A few words that nobody guesses; 8 characters or more.' })}
      >
        {(field) => <input {...field} type="password" autoComplete={isNew ? 'new-password' : 'current-password'} />}
      </Field>
      <Submit pending={pending}>{isNew ? 'Create account' : 'Sign in'}</Submit>
    </form>
  );
}
