import numpy as np

from resources.embedder.embedder import unit_rows


def test_rows_get_length_one_and_what_has_no_direction_becomes_zero() -> None:
    rows = np.array([[3, 4], [0, 0], [np.inf, 1], [np.nan, 0], [-1e-20, 0]], dtype=np.float32)
    assert np.allclose(unit_rows(rows), [[0.6, 0.8], [0, 0], [0, 0], [0, 0], [-1, 0]])
