//! A test harness for multi-cluster Kubernetes deployments
