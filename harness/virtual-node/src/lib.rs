//! Nodes that need no containers: pod life cycle, programs, over the Kubernetes API
