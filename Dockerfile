# Slipway with all it can need: what renders documents too.
FROM node:24-slim AS package
WORKDIR /source
COPY . .
RUN npm ci --no-audit --no-fund && npm pack --ignore-scripts

FROM node:24-slim
WORKDIR /slipway
COPY --from=package /source/slipway-*.tgz /tmp/
# The optional peers, as package.json has them.
RUN npm init --yes >/dev/null \
 && npm install --no-audit --no-fund /tmp/slipway-*.tgz \
    $(tar -xzOf /tmp/slipway-*.tgz package/package.json \
      | node -p 'Object.entries(JSON.parse(fs.readFileSync(0)).peerDependencies).map((each) => each.join("@")).join(" ")') \
 && rm /tmp/slipway-*.tgz
ENV HOST=0.0.0.0
EXPOSE 3000
USER node
WORKDIR /data
ENTRYPOINT ["/slipway/node_modules/.bin/slipway"]
