/** Everything that the dashboard asks for: one query a page, the events that keep it current, and what people do. */
import { graphql } from './gql/gql.ts';

export const SignUp = graphql(`
  mutation SignUp($input: SignUpInput!) {
    signUp(input: $input) {
      accessToken
      refreshToken
      expiresAt
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const SignIn = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      accessToken
      refreshToken
      expiresAt
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const SignOut = graphql(`
  mutation SignOut {
    signOut {
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const ActivityLine = graphql(`
  fragment ActivityLine on Activity {
    id
    action
    entityType
    entityName
    changedFields
    createdAt
    actor {
      id
      username
    }
  }
`);

export const DeploymentRow = graphql(`
  fragment DeploymentRow on Deployment {
    id
    environment
    status
    version
    provider
    url
    revision
    createdAt
    updatedAt
    allowedTransitions
    timing {
      startedAt
      finishedAt
      durationSeconds
    }
    createdBy {
      id
      username
    }
    rollbackOf {
      id
      version
    }
  }
`);

export const GenerationRow = graphql(`
  fragment GenerationRow on CodeGeneration {
    id
    type
    target
    status
    progress
    error
    note
    createdAt
    finishedAt
    expiresAt
    archive {
      url
      fileName
      sizeBytes
    }
  }
`);

export const SchemaBody = graphql(`
  fragment SchemaBody on DatabaseSchema {
    id
    name
    version
    tables {
      id
      name
      description
      fields {
        name
        type
        required
        unique
      }
      indexes {
        name
        type
        fields
      }
    }
    relationships {
      id
      fromTable
      fromField
      toTable
      toField
      type
    }
    problems {
      rule
      severity
      message
      path
    }
  }
`);

export const ProjectCard = graphql(`
  fragment ProjectCard on Project {
    id
    name
    description
    status
    framework
    database
    viewerRole
    owner {
      id
      username
    }
    deployments(first: 1) {
      nodes {
        id
        environment
        status
        version
        createdAt
      }
    }
  }
`);

export const PageEnd = graphql(`
  fragment PageEnd on PageInfo {
    hasNextPage
    endCursor
  }
`);

export const ProjectList = graphql(`
  fragment ProjectList on ProjectConnection {
    nodes {
      ...ProjectCard
    }
    pageInfo {
      ...PageEnd
    }
  }
`);

export const MembershipList = graphql(`
  fragment MembershipList on MemberConnection {
    nodes {
      projectId
      userId
      project {
        ...ProjectCard
      }
    }
    pageInfo {
      ...PageEnd
    }
  }
`);

export const DeploymentList = graphql(`
  fragment DeploymentList on DeploymentConnection {
    nodes {
      ...DeploymentRow
    }
    pageInfo {
      ...PageEnd
    }
  }
`);

export const HomePage = graphql(`
  query HomePage {
    home {
      viewer {
        id
        username
        email
        projects(first: 12) {
          ...ProjectList
        }
        memberships(first: 12) {
          ...MembershipList
        }
      }
      gettingStarted {
        key
        title
        done
      }
      recentActivity(first: 12) {
        nodes {
          ...ActivityLine
          project {
            id
            name
          }
        }
      }
      pendingInvitations {
        nodes {
          id
          projectName
          inviterName
          role
          expiresAt
        }
      }
    }
    dashboard {
      stats {
        projects
        schemas
        deployments
        members
        successRate
      }
    }
  }
`);

/** The next pages of lists, when somebody asks for them. */
export const OlderProjects = graphql(`
  query OlderProjects($after: String!) {
    viewer {
      id
      projects(first: 12, after: $after) {
        ...ProjectList
      }
    }
  }
`);

export const OlderMemberships = graphql(`
  query OlderMemberships($after: String!) {
    viewer {
      id
      memberships(first: 12, after: $after) {
        ...MembershipList
      }
    }
  }
`);

export const OlderDeployments = graphql(`
  query OlderDeployments($id: ID!, $after: String!) {
    project(id: $id) {
      id
      deployments(first: 25, after: $after) {
        ...DeploymentList
      }
    }
  }
`);

export const ProjectPage = graphql(`
  query ProjectPage($id: ID!) {
    viewer {
      id
      username
      email
    }
    project(id: $id) {
      id
      name
      description
      status
      framework
      database
      repository
      deploymentUrl
      tags
      viewerRole
      viewerCanDeploy
      viewerCanUpdate
      viewerCanInvite
      owner {
        id
        username
      }
      stats {
        schemas
        architectures
        deployments
        members
        successRate
      }
      trends(first: 4, period: LAST_30_DAYS) {
        metrics {
          metric
          average {
            current
            change
            direction
          }
        }
      }
      metricNames
      schemas(first: 30) {
        nodes {
          id
          name
          version
          tableCount
          createdAt
        }
      }
      latestSchema: schemas(first: 1) {
        nodes {
          ...SchemaBody
        }
      }
      architectures(first: 5) {
        nodes {
          id
          name
          description
          nodeCount
          edgeCount
          export(format: SVG) {
            text
            fileName
          }
          nodes {
            id
            label
            type
          }
          problems {
            rule
            severity
            message
            path
          }
        }
      }
      deployments(first: 25) {
        ...DeploymentList
      }
      codeGenerations(first: 10) {
        nodes {
          ...GenerationRow
        }
      }
      activity(first: 12) {
        nodes {
          ...ActivityLine
        }
      }
      members(first: 50) {
        nodes {
          projectId
          userId
          name
          email
          role
          createdAt
          viewerCanUpdate
          viewerCanRemove
        }
      }
      invitations(first: 25) {
        nodes {
          id
          email
          role
          status
          expiresAt
        }
      }
    }
  }
`);

/** Another version than the latest, when somebody picks it. */
export const SchemaVersion = graphql(`
  query SchemaVersion($id: ID!) {
    databaseSchema(id: $id) {
      ...SchemaBody
    }
  }
`);

/** A metric, when somebody picks it. */
export const MetricChart = graphql(`
  query MetricChart($id: ID!, $metric: String!, $aggregate: MetricAggregate!, $from: DateTime!) {
    project(id: $id) {
      id
      metrics(metric: $metric, aggregate: $aggregate, interval: DAY, from: $from, fill: NULL) {
        count
        total
        buckets {
          start
          end
          value
          count
        }
      }
    }
  }
`);

export const DeploymentUpdated = graphql(`
  subscription DeploymentUpdated($projectId: ID!) {
    deploymentUpdated(projectId: $projectId) {
      ...DeploymentRow
    }
  }
`);

export const ActivityAdded = graphql(`
  subscription ActivityAdded($projectId: ID!) {
    activityAdded(projectId: $projectId) {
      ...ActivityLine
    }
  }
`);

export const GenerationUpdated = graphql(`
  subscription GenerationUpdated($id: ID!) {
    codeGenerationUpdated(id: $id) {
      ...GenerationRow
    }
  }
`);

export const DeploymentLogs = graphql(`
  subscription DeploymentLogs($id: ID!, $after: String) {
    deploymentLogs(id: $id, after: $after) {
      cursor
      timestamp
      level
      message
    }
  }
`);

export const CreateProject = graphql(`
  mutation CreateProject($input: ProjectCreateInput!, $idempotencyKey: String!) {
    projectCreate(input: $input, idempotencyKey: $idempotencyKey) {
      project {
        id
        name
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const AcceptInvitation = graphql(`
  mutation AcceptInvitation($id: ID!) {
    invitationAccept(id: $id) {
      invitation {
        id
        status
        project {
          id
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const DeclineInvitation = graphql(`
  mutation DeclineInvitation($id: ID!) {
    invitationDecline(id: $id) {
      invitation {
        id
        status
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const ImportSchema = graphql(`
  mutation ImportSchema($input: SchemaImportInput!, $idempotencyKey: String!) {
    schemaImport(input: $input, idempotencyKey: $idempotencyKey) {
      schema {
        id
        name
        version
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const CreateDeployment = graphql(`
  mutation CreateDeployment($input: DeploymentCreateInput!, $idempotencyKey: String!) {
    deploymentCreate(input: $input, idempotencyKey: $idempotencyKey) {
      deployment {
        ...DeploymentRow
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const CancelDeployment = graphql(`
  mutation CancelDeployment($id: ID!, $expectedRevision: Int!) {
    deploymentCancel(id: $id, expectedRevision: $expectedRevision) {
      deployment {
        ...DeploymentRow
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const RollbackDeployment = graphql(`
  mutation RollbackDeployment($id: ID!, $expectedRevision: Int!) {
    deploymentRollback(id: $id, expectedRevision: $expectedRevision) {
      deployment {
        ...DeploymentRow
      }
      rolledBack {
        ...DeploymentRow
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const StartGeneration = graphql(`
  mutation StartGeneration($input: CodeGenerationStartInput!, $idempotencyKey: String!) {
    codeGenerationStart(input: $input, idempotencyKey: $idempotencyKey) {
      codeGeneration {
        ...GenerationRow
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const InviteMember = graphql(`
  mutation InviteMember($projectId: ID!, $input: MemberInviteInput!) {
    memberInvite(projectId: $projectId, input: $input) {
      invitation {
        id
        email
        role
        status
        expiresAt
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const ChangeRole = graphql(`
  mutation ChangeRole($projectId: ID!, $userId: ID!, $role: ProjectRole!) {
    memberRoleUpdate(projectId: $projectId, userId: $userId, role: $role) {
      member {
        projectId
        userId
        role
        viewerCanUpdate
        viewerCanRemove
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);
