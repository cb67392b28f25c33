/** Who works on the project, who is invited, inviting, roles. */
import type { SyntheticEvent } from 'react';
import { otherProblems, problemOf, useAction } from '../api/action.ts';
import type { ProjectRole } from '../gql/graphql.ts';
import { ChangeRole, InviteMember } from '../operations.ts';
import { inWords } from '../parts/format.ts';
import { Card, Empty, Field, Problems, Submit, textOf, Time } from '../parts/parts.tsx';
import type { Project, SectionProps } from './project.ts';

const roles: ProjectRole[] = ['VIEWER', 'DEVELOPER', 'ADMIN'];
const names = ['email', 'role'];

export function TeamSection({ project }: SectionProps) {
  const invitations = project.invitations?.nodes ?? [];
  return (
    <>
      {project.viewerCanInvite && <Invite projectId={project.id} />}
      <Card title="Members">
        <ul className="rows">
          {(project.members?.nodes ?? []).map((member) => (
            <MemberRow key={member.userId} member={member} />
          ))}
        </ul>
      </Card>
      {project.viewerCanInvite && (
        <Card title="Open invitations">
          {invitations.length === 0 && <Empty title="Nobody is invited at the moment." />}
          <ul className="rows">
            {invitations.map(({ id, email, role, expiresAt }) => (
              <li key={id} className="row">
                <span className="row-main">
                  <strong>{email}</strong>
                  <small>
                    ends <Time at={expiresAt} />
                  </small>
                </span>
                <span className="chip">{inWords(role)}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

type Member = NonNullable<Project['members']>['nodes'][number];

function MemberRow({ member: { projectId, userId, name, email, role, createdAt, viewerCanUpdate } }: { member: Member }) {
  const { run, pending, problems } = useAction(ChangeRole);
  const who = name ?? email ?? 'Somebody';
  return (
    <li className="row">
      <span className="avatar" aria-hidden="true">
        {who.charAt(0).toUpperCase()}
      </span>
      <span className="row-main">
        <strong>{who}</strong>
        <small>
          {email} · joined <Time at={createdAt} />
        </small>
      </span>
      {viewerCanUpdate ? (
        <select
          aria-label={`Role of ${who}`}
          value={role}
          aria-busy={pending}
          onChange={({ target }) => void run({ projectId, userId, role: target.value as ProjectRole })}
        >
          {roles.map(option)}
        </select>
      ) : (
        <span className="chip">{inWords(role)}</span>
      )}
      <Problems problems={problems} />
    </li>
  );
}

function Invite({ projectId }: { projectId: string }) {
  const { run, pending, problems } = useAction(InviteMember);
  const submit = async (event: SyntheticEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const input = { email: textOf(form, 'email'), role: textOf(form, 'role') as ProjectRole };
    if (await run({ projectId, input })) element.reset();
  };
  return (
    <Card title="Invite somebody">
      <form className="line-form" onSubmit={(event) => void submit(event)} noValidate>
        <Problems problems={otherProblems(problems, names)} />
        <Field label="E-mail" name="email" problem={problemOf(problems, 'email')}>
          {(field) => <input {...field} type="email" autoComplete="off" />}
        </Field>
        <Field label="Role" name="role" problem={problemOf(problems, 'role')}>
          {(field) => (
            <select {...field} defaultValue="DEVELOPER">
              {roles.map(option)}
            </select>
          )}
        </Field>
        <Submit pending={pending}>Invite</Submit>
      </form>
    </Card>
  );
}

const option = (role: ProjectRole) => (
  <option key={role} value={role}>
    {inWords(role)}
  </option>
);
