// What graphql uses itself with NODE_ENV=production. Its check for a second copy of graphql takes a tenth of the time of tests.
exports.instanceOf = (value, constructor) => value instanceof constructor;
