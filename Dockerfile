# The command with all it calls: Git, helm and kustomize. Base images are named by tag, not by digest: pin the digests
# that your registry serves when you build.
FROM golang:1.25-bookworm AS tools
ENV CGO_ENABLED=0 GOFLAGS=-trimpath GOBIN=/out
# A helm that Go builds tells charts of Kubernetes 1.20 unless it is told otherwise, as its own releases are.
RUN go install -ldflags "-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=33" \
      helm.sh/helm/v3/cmd/helm@v3.18.6 \
 && go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/trimtab
WORKDIR /source
COPY requirements.lock ./
RUN /opt/trimtab/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY rules rules
COPY templates templates
RUN /opt/trimtab/bin/pip install --no-deps --no-build-isolation --no-index .

FROM python:3.12-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home trimtab
COPY --from=tools /out/helm /out/kustomize /usr/local/bin/
COPY --from=build /opt/trimtab /opt/trimtab
ENV PATH=/opt/trimtab/bin:$PATH
USER 10001
WORKDIR /home/trimtab
ENTRYPOINT ["trimtab"]
