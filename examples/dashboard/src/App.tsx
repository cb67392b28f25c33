/** The frame: sign-in for whoever is not signed in, whatever the address is; else the page of the address. */
import { useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react';
import { Client, fetchExchange, Provider } from 'urql';
import { Route, Switch } from 'wouter';
import { ApiContext, createApi } from './api/api.ts';
import { currentSession, onSessionChange } from './api/session.ts';
import { HomePage } from './pages/Home.tsx';
import { NotFound } from './pages/NotFound.tsx';
import { ProjectPage } from './pages/Project.tsx';
import { SignInPage } from './pages/SignIn.tsx';

/** For signing in and up, which need no credentials. */
const anonymous = new Client({ url: '/graphql', preferGetMethod: false, exchanges: [fetchExchange] });

/** A connection and a cache of one's own for each sign-in: nothing of the last user is left. */
function Connected({ children }: { children: ReactNode }) {
  const api = useMemo(createApi, []);
  useEffect(() => api.dispose, [api]);
  return (
    <ApiContext value={api}>
      <Provider value={api.client}>{children}</Provider>
    </ApiContext>
  );
}

export function App() {
  const session = useSyncExternalStore(onSessionChange, currentSession);
  if (!session)
    return (
      <Provider value={anonymous}>
        <SignInPage />
      </Provider>
    );
  return (
    <Connected>
      <Switch>
        <Route path="/" component={HomePage} />
        <Route path="/projects/:id/:section?">
          {({ id, section }) => <ProjectPage key={id} id={id} section={section ?? 'overview'} />}
        </Route>
        <Route component={NotFound} />
      </Switch>
    </Connected>
  );
}
