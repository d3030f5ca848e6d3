"""The pure rooms work where Django, Celery and a database driver are not even imported."""

import subprocess
import sys


def test_statistics_and_exchange_import_no_framework() -> None:
    code = (
        "import sys, labeling.stats, labeling.exchange\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'django', 'celery', 'psycopg', 'torch'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
