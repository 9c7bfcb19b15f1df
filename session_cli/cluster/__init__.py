"""What runs in a Kubernetes cluster, and who deploys it."""
