"""The names of the jobs that sensors ask for; the jobs themselves are put together in `orchestration/jobs.py`."""

from typing import Final

LIST_SOURCE: Final = "list_source"
MAKE_KNOWLEDGE: Final = "make_knowledge"
EMBED_BATCH: Final = "embed_batch"
CHECK_BATCH: Final = "check_batch"
CHECK_TASKS: Final = "check_tasks"
