# The API server. `docker build -t snapinfra-api .`, or see compose.yaml for one with a database, and docs/deployment.md for AWS.
# Debian, not Alpine: the tests run on glibc, and the password hashes (@node-rs) are native code that differs for musl.
ARG NODE_IMAGE=node:22.21.1-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No install script is needed here, so none runs: esbuild and @node-rs find their binaries in packages of their own.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json LICENSE ./
COPY scripts/build.mjs scripts/stage-production.mjs scripts/
COPY schema schema
COPY src src
RUN node scripts/build.mjs && node scripts/stage-production.mjs /srv/snapinfra && mkdir /srv/data

FROM ${NODE_IMAGE} AS server
ENV NODE_ENV=production \
    PORT=5000 \
    DATA_DIR=/srv/data
WORKDIR /srv/snapinfra
# Owned by root, so that the server cannot change its own code. DATA_DIR is for development; production writes no file.
COPY --from=build /srv/snapinfra ./
COPY --from=build --chown=node:node /srv/data /srv/data
USER 1000:1000
EXPOSE 5000
# The server answers requests in flight for up to 20 s after SIGTERM; it handles signals as process 1 by itself.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Other commands of the image: docker run … dist/admin.js check
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/main.js"]
