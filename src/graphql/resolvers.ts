/**
 * All resolvers, put together from the domains. The annotations make a forgotten resolver a compile error: every root
 * field must be here, and every field of a type that its record does not have by itself.
 */
import { findViewer } from '../auth/access.ts';
import { activityResolvers } from '../domains/activity/activity.resolvers.ts';
import type { ActivityRecord } from '../domains/activity/activity.ts';
import type { AiModel } from '../domains/ai/chat.service.ts';
import { aiResolvers } from '../domains/ai/ai.resolvers.ts';
import { adminResolvers } from '../domains/admin/admin.resolvers.ts';
import { analyticsResolvers } from '../domains/analytics/analytics.resolvers.ts';
import type { MetricEventRecord } from '../domains/analytics/metricEvent.ts';
import type { CodeGenerationRecord, GeneratedFileRecord } from '../domains/codeGenerations/codeGeneration.ts';
import { codeGenerationsResolvers } from '../domains/codeGenerations/codeGenerations.resolvers.ts';
import { architecturesResolvers } from '../domains/architectures/architectures.resolvers.ts';
import type { ArchitectureRecord } from '../domains/architectures/architecture.ts';
import { databaseSchemasResolvers } from '../domains/databaseSchemas/databaseSchemas.resolvers.ts';
import type { DatabaseSchemaRecord } from '../domains/databaseSchemas/databaseSchema.ts';
import { dashboardResolvers } from '../domains/dashboard/dashboard.resolvers.ts';
import type { DashboardModel, UsageModel } from '../domains/dashboard/dashboard.service.ts';
import { deploymentsResolvers } from '../domains/deployments/deployments.resolvers.ts';
import type { DeploymentRecord } from '../domains/deployments/deployment.ts';
import { documentationResolvers } from '../domains/documentation/documentation.resolvers.ts';
import type { DocumentationPageRecord } from '../domains/documentation/documentationPage.ts';
import type { SearchHit } from '../domains/documentation/search.ts';
import { homeResolvers } from '../domains/home/home.resolvers.ts';
import { integrationsResolvers } from '../domains/integrations/integrations.resolvers.ts';
import type { IntegrationRecord } from '../domains/integrations/integration.ts';
import { findNode } from '../domains/node.ts';
import { deletedCountsResolvers } from '../domains/payload.ts';
import { projectsResolvers } from '../domains/projects/projects.resolvers.ts';
import type { ProjectRecord } from '../domains/projects/project.ts';
import type { InvitationRecord } from '../domains/teams/invitation.ts';
import type { MemberRecord } from '../domains/teams/member.ts';
import { teamsResolvers } from '../domains/teams/teams.resolvers.ts';
import { settingsResolvers } from '../domains/settings/settings.resolvers.ts';
import { usersResolvers } from '../domains/users/users.resolvers.ts';
import type { UserRecord } from '../domains/users/user.ts';
import { RequestError } from '../errors.ts';
import type {
  ActivityResolvers,
  ArchitectureResolvers,
  DashboardResolvers,
  DatabaseSchemaResolvers,
  DocumentationPageResolvers,
  DocumentationSearchHitResolvers,
  AdminResolvers,
  AiResolvers,
  CodeGenerationResolvers,
  GeneratedFileResolvers,
  MetricEventResolvers,
  HomeResolvers,
  IntegrationResolvers,
  UsageResolvers,
  DeploymentResolvers,
  InvitationResolvers,
  MemberResolvers,
  MutationResolvers,
  ProjectResolvers,
  QueryResolvers,
  SubscriptionResolvers,
  UserResolvers,
} from './generated.ts';

/** The resolvers `R` of a type, complete: those of fields that the record `Model` lacks must be there. */
type Complete<R, Model> = R & Required<Pick<R, Exclude<keyof R, keyof Model | '__isTypeOf'>>>;

const maxNodes = 100;

const nodeQueries = {
  node: (_, { id }, context) => findNode(context, id),
  nodes: (_, { ids }, context) => {
    if (ids.length > maxNodes) throw new RequestError('BAD_USER_INPUT', `nodes takes ${maxNodes} ids at most; ${ids.length} came.`);
    findViewer(context);
    return Promise.all(ids.map((id) => findNode(context, id)));
  },
} satisfies QueryResolvers;

const Query: Required<QueryResolvers> = {
  ...nodeQueries,
  ...usersResolvers.Query,
  ...projectsResolvers.Query,
  ...databaseSchemasResolvers.Query,
  ...architecturesResolvers.Query,
  ...deploymentsResolvers.Query,
  ...integrationsResolvers.Query,
  ...documentationResolvers.Query,
  ...homeResolvers.Query,
  ...codeGenerationsResolvers.Query,
  ...adminResolvers.Query,
  ...dashboardResolvers.Query,
  ...aiResolvers.Query,
};
const Mutation: Required<MutationResolvers> = {
  ...usersResolvers.Mutation,
  ...projectsResolvers.Mutation,
  ...databaseSchemasResolvers.Mutation,
  ...architecturesResolvers.Mutation,
  ...codeGenerationsResolvers.Mutation,
  ...deploymentsResolvers.Mutation,
  ...integrationsResolvers.Mutation,
  ...documentationResolvers.Mutation,
  ...settingsResolvers.Mutation,
  ...activityResolvers.Mutation,
  ...analyticsResolvers.Mutation,
  ...teamsResolvers.Mutation,
  ...aiResolvers.Mutation,
};
const Subscription: Required<SubscriptionResolvers> = {
  ...projectsResolvers.Subscription,
  ...deploymentsResolvers.Subscription,
  ...codeGenerationsResolvers.Subscription,
  ...activityResolvers.Subscription,
  ...aiResolvers.Subscription,
};
const Project: Complete<ProjectResolvers, ProjectRecord> = {
  ...projectsResolvers.Project,
  ...databaseSchemasResolvers.Project,
  ...architecturesResolvers.Project,
  ...deploymentsResolvers.Project,
  ...integrationsResolvers.Project,
  ...documentationResolvers.Project,
  ...activityResolvers.Project,
  ...analyticsResolvers.Project,
  ...codeGenerationsResolvers.Project,
  ...teamsResolvers.Project,
};
const User: Complete<UserResolvers, UserRecord> = {
  ...usersResolvers.User,
  ...projectsResolvers.User,
  ...databaseSchemasResolvers.User,
  ...architecturesResolvers.User,
  ...deploymentsResolvers.User,
  ...integrationsResolvers.User,
  ...documentationResolvers.User,
  ...settingsResolvers.User,
  ...activityResolvers.User,
  ...analyticsResolvers.User,
  ...codeGenerationsResolvers.User,
  ...dashboardResolvers.User,
  ...teamsResolvers.User,
};
const Architecture: Complete<ArchitectureResolvers, ArchitectureRecord> = architecturesResolvers.Architecture;
const Activity: Complete<ActivityResolvers, ActivityRecord> = activityResolvers.Activity;

const DatabaseSchema: Complete<DatabaseSchemaResolvers, DatabaseSchemaRecord> = databaseSchemasResolvers.DatabaseSchema;
const { SchemaTable, SchemaField, SchemaRelationship, SchemaDiff } = databaseSchemasResolvers;

const DocumentationPage: Complete<DocumentationPageResolvers, DocumentationPageRecord> = documentationResolvers.DocumentationPage;
const DocumentationSearchHit: Complete<DocumentationSearchHitResolvers, SearchHit> = documentationResolvers.DocumentationSearchHit;

const Deployment: Complete<DeploymentResolvers, DeploymentRecord> = deploymentsResolvers.Deployment;

const Admin: Required<AdminResolvers> = adminResolvers.Admin;
const Ai: Complete<AiResolvers, AiModel> = aiResolvers.Ai;
const MetricEvent: Complete<MetricEventResolvers, MetricEventRecord> = analyticsResolvers.MetricEvent;
const CodeGeneration: Complete<CodeGenerationResolvers, CodeGenerationRecord> = codeGenerationsResolvers.CodeGeneration;
const GeneratedFile: Complete<GeneratedFileResolvers, GeneratedFileRecord> = codeGenerationsResolvers.GeneratedFile;
const Integration: Complete<IntegrationResolvers, Omit<IntegrationRecord, 'enabled' | 'config'>> = integrationsResolvers.Integration;

const Home: Required<HomeResolvers> = homeResolvers.Home;
const Dashboard: Complete<DashboardResolvers, DashboardModel> = dashboardResolvers.Dashboard;
const Usage: Complete<UsageResolvers, UsageModel> = dashboardResolvers.Usage;
const Member: Complete<MemberResolvers, MemberRecord> = teamsResolvers.Member;
const Invitation: Complete<InvitationResolvers, InvitationRecord> = teamsResolvers.Invitation;

export const resolvers = {
  Query,
  Mutation,
  Subscription,
  Project,
  User,
  Activity,
  Architecture,
  DatabaseSchema,
  SchemaTable,
  SchemaField,
  SchemaRelationship,
  SchemaDiff,
  Deployment,
  DocumentationPage,
  DocumentationSearchHit,
  Member,
  Invitation,
  Admin,
  Ai,
  MetricEvent,
  CodeGeneration,
  GeneratedFile,
  Home,
  Integration,
  Dashboard,
  Usage,
  DeletedCounts: deletedCountsResolvers,
};
