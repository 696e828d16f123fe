"""What holds for every test."""

import models  # noqa: F401 - before any test imports torch: it sets how torch's threads wait
