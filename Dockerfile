# What is in a Maestro container? One image for all services: Python, git, the locked packages, Maestro. Not root.
#
# Where packages come from is pip's own business: --build-arg PIP_INDEX_URL=..., or a whole configuration file with
# --secret id=pip_conf,src=FILE. Nothing of either stays in the image.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ARG PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_CERT
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/maestro
COPY requirements.txt ./
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf --mount=type=cache,target=/root/.cache/pip \
    /opt/maestro/bin/pip install --quiet --require-hashes --requirement requirements.txt
COPY . .
RUN /opt/maestro/bin/pip install --quiet --no-deps --no-index --no-build-isolation . \
 && /opt/maestro/bin/pip uninstall --quiet --yes setuptools pip

FROM ${PYTHON_IMAGE}
RUN apt-get update -qq \
 && apt-get install -qq --yes --no-install-recommends git >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin maestro \
 # Any user id may be chosen when it runs, so that it can read that user's secrets: hence open like /tmp.
 && install -d -m 1777 /var/lib/maestro /var/lib/maestro/work /var/lib/maestro/web
COPY --from=build /opt/maestro /opt/maestro
ENV PATH=/opt/maestro/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MAESTRO_STATE_DIR=/var/lib/maestro \
    MAESTRO_LOG_FORMAT=json
USER maestro
WORKDIR /var/lib/maestro
CMD ["maestro", "--help"]
