/** What this client asks for. `npm run codegen` writes the type of each answer and its variables beside them, into gql/. */
import { graphql } from './gql/gql.ts';

export const SignUp = graphql(`
  mutation SignUp($input: SignUpInput!) {
    signUp(input: $input) {
      accessToken
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
      expiresAt
      userErrors {
        code
        message
        field
      }
    }
  }
`);

/** One page of a dashboard: everything that it shows, in one request. */
export const Dashboard = graphql(`
  query Dashboard($projects: Int! = 5) {
    dashboard {
      stats {
        projects
        deployments
        successRate
      }
      recentProjects(first: $projects) {
        nodes {
          id
          name
          status
          viewerRole
          deployments(first: 3) {
            nodes {
              id
              environment
              status
              version
              createdAt
            }
          }
          activity(first: 3) {
            nodes {
              action
              entityType
              entityName
              createdAt
            }
          }
        }
      }
    }
  }
`);

export const CreateProject = graphql(`
  mutation CreateProject($input: ProjectCreateInput!, $idempotencyKey: String) {
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

export const CreateDeployment = graphql(`
  mutation CreateDeployment($input: DeploymentCreateInput!) {
    deploymentCreate(input: $input) {
      deployment {
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

export const ReportDeployment = graphql(`
  mutation ReportDeployment($id: ID!, $input: DeploymentReportInput!) {
    deploymentReport(id: $id, input: $input) {
      deployment {
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

export const DeploymentUpdated = graphql(`
  subscription DeploymentUpdated($projectId: ID!) {
    deploymentUpdated(projectId: $projectId) {
      id
      environment
      status
      timing {
        durationSeconds
      }
    }
  }
`);
