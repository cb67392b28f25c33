/** The part of the API that all GraphQL peers serve, with the names of `schema/`. */
export const typeDefs = /* GraphQL */ `
  scalar DateTime

  type Query {
    viewer: User
    project(id: ID!): Project
    deployment(id: ID!): Deployment
  }

  type Mutation {
    deploymentCreate(input: DeploymentCreateInput!): DeploymentCreatePayload!
  }

  type User {
    id: ID!
    projects(first: Int): ProjectConnection
  }

  type Project {
    id: ID!
    name: String!
    schemas(first: Int): DatabaseSchemaConnection
    deployments(first: Int): DeploymentConnection
    activity(first: Int): ActivityConnection
  }

  type DatabaseSchema {
    id: ID!
    name: String!
    version: Int!
    tableCount: Int!
    createdAt: DateTime!
  }

  enum DeploymentStatus {
    PENDING
    DEPLOYING
    SUCCESS
    FAILED
    CANCELLED
    ROLLED_BACK
    UNKNOWN
  }

  enum DeploymentEnvironment {
    DEVELOPMENT
    STAGING
    PRODUCTION
    UNKNOWN
  }

  enum DeploymentProvider {
    AWS
    VERCEL
    NETLIFY
    HEROKU
    GCP
    AZURE
    OTHER
    UNKNOWN
  }

  type Deployment {
    id: ID!
    status: DeploymentStatus!
    environment: DeploymentEnvironment!
    provider: DeploymentProvider!
    version: String
    createdAt: DateTime!
  }

  enum ActivityEntityType {
    PROJECT
    SCHEMA
    DEPLOYMENT
    UNKNOWN
  }

  type Activity {
    id: ID!
    action: String!
    entityType: ActivityEntityType!
    entityId: ID!
    createdAt: DateTime!
  }

  type ProjectConnection {
    nodes: [Project!]!
  }

  type DatabaseSchemaConnection {
    nodes: [DatabaseSchema!]!
  }

  type DeploymentConnection {
    nodes: [Deployment!]!
  }

  type ActivityConnection {
    nodes: [Activity!]!
  }

  input DeploymentCreateInput {
    projectId: ID!
    environment: DeploymentEnvironment!
    provider: DeploymentProvider!
    version: String
  }

  type DeploymentCreatePayload {
    deployment: Deployment
    userErrors: [UserError!]!
  }

  type UserError {
    message: String!
  }
`;
