"""What exists: bodies of a few lines; the work is done below, in `resources`."""

import warnings

import dagster as dg

# Partitioned checks and code references are previews that we chose knowingly: no word of it at each start.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", category=dg.BetaWarning)
