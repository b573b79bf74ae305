# One image for hub and worker. Three stages: console, models, runtime; the runtime has no compiler and no root.
FROM node:20.19-bookworm-slim AS console
WORKDIR /web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci
COPY web ./
RUN npm run build

FROM python:3.11-slim-bookworm AS models
RUN apt-get update && apt-get install -y --no-install-recommends npm && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements/run.lock requirements/run.lock
RUN pip install --no-cache-dir --require-hashes -r requirements/run.lock
COPY . .
RUN python scripts/fetch_models.py

FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends espeak-ng && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app hub && install -d -o hub -g hub /data
WORKDIR /app
COPY requirements/run.lock requirements/run.lock
RUN pip install --no-cache-dir --require-hashes -r requirements/run.lock
COPY --from=models /app/models models
RUN install -d -o hub -g hub models/taught
COPY --from=console /web/dist web/dist
COPY hub hub
COPY api api
COPY alerts alerts
COPY detectors detectors
COPY ingest ingest
COPY config config
ENV PYTHONUNBUFFERED=1
USER hub
EXPOSE 8000
CMD ["python", "-m", "hub", "serve"]
