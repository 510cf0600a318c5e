# docker build -t roomd .
# docker run -p 8000:8000 -e SECRET_KEY=… -e REDIS_URL=… -e DATABASE_URL=… roomd

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml setup.py README.md LICENSE ./
COPY roomd roomd
COPY web web
# Without pip in it: the end image installs nothing.
RUN python -m venv --without-pip /opt/roomd
RUN python -m pip --python /opt/roomd/bin/python install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
# `--build-arg PACKAGES=ffmpeg` for durations, loudness, waveforms and conversion; it is 400 MB.
ARG PACKAGES=""
RUN if [ -n "$PACKAGES" ]; then \
      apt-get update && apt-get install -y --no-install-recommends $PACKAGES && rm -rf /var/lib/apt/lists/*; \
    fi
RUN python -m pip uninstall -y pip && \
    useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin roomd && \
    install -d -o roomd -g roomd -m 0750 /data
COPY --from=build /opt/roomd /opt/roomd
ENV PATH=/opt/roomd/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ROOMD_ENV=production \
    ROOMD_LOG=json \
    ROOMD_DATA_DIR=/data
USER roomd
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["roomd", "doctor", "--live"]
ENTRYPOINT ["roomd"]
CMD ["serve"]
