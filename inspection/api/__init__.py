"""HTTP: routes that call the domain, and the one table from errors to status."""
