import type { ProjectPageQuery } from '../gql/graphql.ts';

/** A project as its page has it. */
export type Project = NonNullable<ProjectPageQuery['project']>;

/** What a section of the page is given. */
export interface SectionProps {
  readonly project: Project;
}
