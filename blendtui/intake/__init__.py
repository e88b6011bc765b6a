"""From a file dropped in the share to an unpacked project with known facts."""
