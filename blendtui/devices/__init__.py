"""The far side of SSH: connections, transfers, and the Blenders that stay open there."""
