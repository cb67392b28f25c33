import { Link } from 'wouter';
import { Layout } from '../parts/Layout.tsx';
import { Empty } from '../parts/parts.tsx';

export function NotFound() {
  return (
    <Layout title="Not found">
      <h1>There is nothing at this address</h1>
      <Empty title="The link may be old, or have lost a part.">
        <Link href="/">Go to your projects</Link>
      </Empty>
    </Layout>
  );
}
