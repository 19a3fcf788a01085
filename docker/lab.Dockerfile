# SPDX-License-Identifier: GPL-2.0-or-later
# Everybody in the lab of docker/compose.yaml but nfprobe.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        iperf3 iproute2 iputils-ping nfdump \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY docker/lab.sh /usr/local/bin/lab
ENTRYPOINT ["/usr/local/bin/lab"]
