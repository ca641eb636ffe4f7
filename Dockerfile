# Two images: `docker build --target caption .` for captions and all work on data, `--target train` for training and
# evaluation. Not built by the tests, which hold it against the files it names (tests/deploy). See docs/deploy.md.
FROM python:3.12-slim AS base
# gcc: kernels are compiled on the node; wget: KubeRay asks with it whether a pod is well
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc g++ wget \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 mpgi
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 RAY_ENABLE_UV_RUN_RUNTIME_ENV=0
WORKDIR /opt/mpgi
COPY constraints/gpu.txt constraints/gpu.txt
COPY pyproject.toml README.md LICENSE ./
COPY mpgi_ray mpgi_ray
COPY ray_jobs ray_jobs

FROM base AS caption
RUN pip install -c constraints/gpu.txt '.[vllm,s3,geo,duplicates]'
USER mpgi

FROM base AS train
RUN pip install -c constraints/gpu.txt '.[train,serve,s3]'
USER mpgi
