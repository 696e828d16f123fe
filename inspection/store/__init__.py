"""What the plant service keeps: tables in a database, image files and bundles on disk."""
