# The dashboard as a container. Two targets: `cpu`, and `cuda`, whose torch brings its own CUDA libraries.
#   docker build --target cpu --tag sparsecbm .
FROM python:3.11-slim-bookworm AS system
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    SPARSECBM_STUDIES=/data/studies.sqlite SPARSECBM_PATCHES=/data/patches SPARSECBM_CACHE=/data/cache
RUN useradd --create-home --uid 10001 sparsecbm && install --directory --owner=sparsecbm /data
WORKDIR /app
COPY requirements.txt .
EXPOSE 8501
VOLUME /data
# /ready answers 200 only once the model is loaded.
HEALTHCHECK --interval=10s --timeout=5s --start-period=2m \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/ready', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]

FROM system AS cuda
RUN pip install -r requirements.txt
COPY . .
USER sparsecbm

FROM system AS cpu
RUN pip install "$(grep '^torch==' requirements.txt)" --index-url https://download.pytorch.org/whl/cpu \
    && pip install -r requirements.txt
COPY . .
USER sparsecbm
