# The service alone; PostgreSQL with PostGIS is another container (compose.yaml) or server (ESTATES_DATABASE_URL).
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/estates
ENV PATH=/opt/estates/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# The pins change seldom, so this layer is kept while the code changes.
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt
# Installed in place, as in a checkout: data/ and migrations/ are found beside the package.
WORKDIR /srv/estates
COPY pyproject.toml README.md LICENSE ./
COPY estates_api estates_api
RUN pip install --no-deps --no-build-isolation -e .
COPY data data
COPY migrations migrations

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home estates && install -d -o estates -m 700 /srv/uploads
COPY --from=build /opt/estates /opt/estates
COPY --from=build /srv/estates /srv/estates
WORKDIR /srv/estates
ENV PATH=/opt/estates/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TMPDIR=/srv/uploads
USER 10001
EXPOSE 8000
# 127.0.0.1, not localhost: the server listens on IPv4. urlopen raises, and so exits with 1, on 503.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["estates", "serve", "--host", "0.0.0.0", "--port", "8000"]
