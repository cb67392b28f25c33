// The explorer page: GraphiQL on this server's own /graphql, with everything that it needs inside this bundle.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createElement as h } from 'react';
import { createRoot } from 'react-dom/client';
import 'graphiql/graphiql.css';
import './explorer.css';
import { firstSteps } from './firstSteps.mjs';
import { createExplorerStorage } from './sessionHeaders.ts';

const endpoint = new URL('/graphql', window.location.href).href;
const sandbox = `https://studio.apollographql.com/sandbox/explorer?endpoint=${encodeURIComponent(endpoint)}`;

/** Returns headers without an Authorization that still lacks its token: the prepared line in the headers editor. */
function completeHeaders(headers = {}) {
  const complete = Object.entries(headers).filter(
    ([name, value]) => name.toLowerCase() !== 'authorization' || !/^\s*(bearer)?\s*$/i.test(String(value)),
  );
  return Object.fromEntries(complete);
}

/** Sends queries and mutations by POST, subscriptions over a WebSocket; the headers are its connection parameters. */
function createFetcher() {
  const send = createGraphiQLFetcher({ url: endpoint, subscriptionUrl: endpoint.replace(/^http/, 'ws') });
  return (operation, options = {}) => send(operation, { ...options, headers: completeHeaders(options.headers) });
}

/** Returns the tab that the address asks for (`/graphql?query=…&variables=…`), so that a query can be shared as a link. */
function tabOfAddress() {
  const parameters = new URLSearchParams(window.location.search);
  const query = parameters.get('query');
  return query ? { query, variables: parameters.get('variables') ?? '' } : {};
}

function Explorer() {
  return h(
    GraphiQL,
    {
      fetcher: createFetcher(),
      storage: createExplorerStorage(window.localStorage, window.sessionStorage),
      shouldPersistHeaders: true,
      showPersistHeadersSettings: false,
      defaultEditorToolsVisibility: 'headers',
      defaultQuery: firstSteps,
      defaultHeaders: '{\n  "Authorization": "Bearer ",\n  "x-snapinfra-explain": "0"\n}',
      inputValueDeprecation: true,
      schemaDescription: true,
      ...tabOfAddress(),
    },
    h(
      GraphiQL.Logo,
      null,
      h('span', { className: 'explorer-name' }, 'Snapinfra API'),
      h('a', { className: 'explorer-link', href: '/api/health', target: '_blank', rel: 'noreferrer' }, 'Health'),
      h('a', { className: 'explorer-link', href: sandbox, target: '_blank', rel: 'noreferrer' }, 'Apollo Sandbox'),
    ),
  );
}

createRoot(document.getElementById('explorer')).render(h(Explorer));
