# The hub with its web app. The engine's library is linked with glibc, so where it is
# built and where it runs are of one Debian release.
FROM node:22-bookworm-slim AS packages
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm install --ignore-scripts --no-audit --no-fund

FROM golang:1.26.8-bookworm AS build
ENV GOTOOLCHAIN=local CGO_ENABLED=1
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=packages /src/node_modules node_modules
RUN go run ./cmd/webbuild --force \
 && go build -trimpath -ldflags "-s -w" -o /wedsync ./cmd/wedsync \
 && install -d -o 10001 -g 10001 -m 700 /data

FROM debian:12.12-slim
COPY --from=build /wedsync /usr/local/bin/wedsync
# Where a hub without --store keeps what it knows.
COPY --from=build --chown=10001:10001 /data /data
USER 10001:10001
WORKDIR /data
EXPOSE 8080
# /readyz answers 200 once the store can be written.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["wedsync"]
CMD ["serve", "--data", "/data", "--listen", "0.0.0.0:8080"]
