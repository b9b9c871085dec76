//! Kubernetes in this process: store, API, admission, controllers, scheduler
