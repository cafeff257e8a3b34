"""A workbook of 100,000 rows in at most 200 MB, measured by the kernel on a process of its own and printed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import xlsxwriter

ROWS: Final = 100_000
AT_MOST_BYTES: Final = 200_000_000
READS: Final = """
import json, sys, time
from pathlib import Path
from resources.workbooks.cora import read_cora_report

def peak():  # of this program alone: ru_maxrss counts what the process was before it
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024

before, began = peak(), time.process_time()
report = read_cora_report(Path(sys.argv[1]))
print(json.dumps([len(report.related_words), before, peak(), time.process_time() - began]))
"""


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_at_most_200_mb(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        workbook.add_worksheet("Basic Tunings").write_row(0, 0, ["Keyword", "leather bags"])
        sheet = workbook.add_worksheet("LSI Keywords")
        sheet.write_row(0, 0, ["Keyword", "Average", "Page", "Max", "Min", "Best", "Needed"])
        for number in range(ROWS):
            sheet.write_row(number + 1, 0, [f"a word and its number {number}", number / 7, 1, 9, 0, number % 5, 2.5])
    ran = subprocess.run([sys.executable, "-c", READS, path], check=True, capture_output=True, text=True)
    words, before, peak, seconds = json.loads(ran.stdout)
    print(f"{ROWS:,} rows: peak {peak / 1e6:.0f} MB, {before / 1e6:.0f} MB of them before; {seconds:.1f} s of CPU")
    assert words == ROWS
    assert peak <= AT_MOST_BYTES
