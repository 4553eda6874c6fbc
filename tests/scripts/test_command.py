"""What a command leaves behind in the process that called it."""

import os

import pytest

from bonafide.scripts import predict


def test_the_choice_of_traces_stays_the_callers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["predict.py", "nosuch=1"])
    for before in (None, "0"):
        if before is not None:
            monkeypatch.setenv("HYDRA_FULL_ERROR", before)
        with pytest.raises(SystemExit) as done:
            predict.main()
        assert done.value.code == 2
        assert os.environ.get("HYDRA_FULL_ERROR") == before
        assert "there is no option nosuch" in capsys.readouterr().err
