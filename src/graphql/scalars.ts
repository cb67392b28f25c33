/**
 * Custom scalars. Input is strict. Output is what the row holds: a row of the earlier backend with an odd address or
 * URL must not turn a whole answer into errors.
 */
import { GraphQLScalarType } from 'graphql';
import { GraphQLDateTimeISO, GraphQLEmailAddress, GraphQLJSON, GraphQLJSONObject, GraphQLURL } from 'graphql-scalars';

function asStored(name: string, type: GraphQLScalarType, parse: (value: unknown) => unknown): GraphQLScalarType {
  return new GraphQLScalarType({
    ...type.toConfig(),
    // The library has other names for some: clients declare variables with ours.
    name,
    serialize: (value) => value,
    parseValue: parse,
    parseLiteral: (node, variables) => parse(type.parseLiteral(node, variables)),
  });
}

/** Returns ISO 8601 text with milliseconds of the years 1970 to 9999, as rows carry it. */
function parseDateTime(value: unknown): string {
  const date = value instanceof Date ? value : GraphQLDateTimeISO.parseValue(value);
  const year = date.getUTCFullYear();
  if (year < 1970 || year > 9999) throw new TypeError('The year must be from 1970 to 9999.');
  return date.toISOString();
}

/** Returns the text of an absolute http or https URL. */
function parseUrl(value: unknown): string {
  const url = value instanceof URL ? value : (GraphQLURL.parseValue(value) as URL);
  if (!['http:', 'https:'].includes(url.protocol)) throw new TypeError('The URL must begin with http:// or https://.');
  return url.href;
}

/** Resolvers of all custom scalars of `schema/base.graphql`. */
export const scalars = {
  DateTime: asStored('DateTime', GraphQLDateTimeISO, parseDateTime),
  URL: asStored('URL', GraphQLURL, parseUrl),
  EmailAddress: asStored('EmailAddress', GraphQLEmailAddress, (value) => GraphQLEmailAddress.parseValue(value)),
  JSON: GraphQLJSON,
  JSONObject: GraphQLJSONObject,
};
