# portzero with cap, which captures by itself. `docker build -t portzero .` in a folder that has what `npm pack` made.
# Node 24: the line that is supported until April 2028.
FROM node:24-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ libpcap-dev make python3
COPY portzero-*.tgz /tmp/
RUN npm install --global --prefix /opt/portzero /tmp/portzero-*.tgz cap

FROM node:24-bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpcap0.8 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/portzero /opt/portzero
ENV PATH=/opt/portzero/bin:$PATH NODE_PATH=/opt/portzero/lib/node_modules
# Captures to be analysed are mounted here, for any user; to sniff it takes root with NET_RAW (docs/live.md).
WORKDIR /captures
ENTRYPOINT ["portzero"]
