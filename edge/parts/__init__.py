"""Parts that take several views: N cameras or N shots make one verdict."""
