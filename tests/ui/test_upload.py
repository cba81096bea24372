"""What a visitor uploads lies in a folder of the server that no message names."""

import pytest

from sparsecbm.errors import DataError
from sparsecbm.ui.upload import as_file


def test_no_message_names_the_folder_however_it_is_written() -> None:
    with pytest.raises(DataError) as told, as_file("../r.csv", b"a") as path:
        assert path.read_bytes() == b"a"
        raise DataError(f"{path} is wrong: {path!r}, {path.as_posix()}, {path.name}.")
    assert str(told.value) == "r.csv is wrong: PosixPath('r.csv'), r.csv, r.csv."
