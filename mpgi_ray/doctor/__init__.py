"""What would stop a job on this machine: packages, GPUs, Ray, storage, models; and what mends it."""
