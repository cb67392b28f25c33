/** Lists that go on: a page, a button for what is older, that page, and so on. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import type { PageEndFragment } from '../gql/graphql.ts';
import { Failure, Skeleton } from './parts.tsx';

interface ListPage<Item> {
  readonly nodes: readonly Item[];
  readonly pageInfo: PageEndFragment;
}

interface ListProps<Item, Data, Variables> {
  readonly page: ListPage<Item>;
  /** What the button asks for, such as `older projects`. */
  readonly label: string;
  readonly query: TypedDocumentNode<Data, Variables & { after: string }>;
  readonly variables: Variables;
  /** Finds the page in the answer of the query. */
  readonly pick: (data: Data) => ListPage<Item> | null | undefined;
  /** Shows the items of one page. */
  readonly children: (items: readonly Item[]) => ReactNode;
}

export function PagedList<Item, Data, Variables extends object>(props: ListProps<Item, Data, Variables>) {
  const { page, label, children } = props;
  const [goesOn, setGoesOn] = useState(false);
  const { hasNextPage, endCursor } = page.pageInfo;
  return (
    <>
      {children(page.nodes)}
      {hasNextPage && !goesOn && (
        <button type="button" className="older" onClick={() => setGoesOn(true)}>
          Show {label}
        </button>
      )}
      {hasNextPage && goesOn && endCursor != null && <NextPage {...props} after={endCursor} />}
    </>
  );
}

function NextPage<Item, Data, Variables extends object>({ after, ...props }: ListProps<Item, Data, Variables> & { after: string }) {
  const [{ data, error }, ask] = useQuery({ query: props.query, variables: { ...props.variables, after } });
  const again = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  const page = data && props.pick(data);
  if (error) return <Failure error={error} retry={again} />;
  if (!page) return <Skeleton label={`Loading ${props.label}`} />;
  return (
    <Focused>
      <PagedList {...props} page={page} />
    </Focused>
  );
}

/** Takes the focus to the first of what came: the button that had it is gone. */
function Focused({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector<HTMLElement>('a, button')?.focus(), []);
  return (
    <div ref={box} className="stack">
      {children}
    </div>
  );
}
