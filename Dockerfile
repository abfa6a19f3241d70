# The web server and the worker in one image; PostgreSQL is somebody else's (compose.yaml).
FROM python:3.14-slim

RUN useradd --system --create-home --uid 10001 undersigned
WORKDIR /srv/undersigned

COPY requirements.lock .
RUN pip install --no-cache-dir --no-compile --no-deps --require-hashes --only-binary :all: -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY sql sql
COPY openapi openapi
COPY src src
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && python -m compileall -q src \
    && install -d -o undersigned -g undersigned /var/lib/undersigned

USER undersigned
ENV UNDERSIGNED_HOST=0.0.0.0 UNDERSIGNED_PORT=8000 UNDERSIGNED_DATA_DIR=/var/lib/undersigned
EXPOSE 8000
VOLUME /var/lib/undersigned
ENTRYPOINT ["python", "-m", "undersigned"]
CMD ["serve", "--no-worker"]
HEALTHCHECK --start-period=30s --start-interval=1s CMD \
    ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['UNDERSIGNED_PORT'] + '/healthz', timeout=3)"]
