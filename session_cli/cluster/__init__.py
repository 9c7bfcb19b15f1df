"""What runs in a Kubernetes cluster, who deploys it, and what to call it in ConfigHub."""
