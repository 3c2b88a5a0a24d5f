"""Facts in: Prometheus, the Kubernetes API, Git, and recorded facts."""
