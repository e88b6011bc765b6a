"""The one place that binds rules, store, share and devices together."""
