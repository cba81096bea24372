"""Below a text stands how unlike the training texts it is: loud where it is, quiet where not, and why where unknown."""

from pathlib import Path

import pytest
import streamlit as st

from sparsecbm.familiarity.compute import add_familiarity
from sparsecbm.familiarity.unlike import unlike_text
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from sparsecbm.ui.safe_text import as_markdown
from tests.app.screen import QUICK, fine, open_alone, open_explain
from tests.helpers import saved_checkpoint, toy_split

INTERVENTIONS, FAILURES = "pages/3_Interventions.py", "pages/4_Failures.py"
PLAIN, ODD = toy_split().texts[0], "zzz qqq " * 20


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random model of CEBaB's concepts that knows its texts."""
    folder = saved_checkpoint(tmp_path_factory.mktemp("fitted") / "tiny", schema=CEBAB)
    add_familiarity(load_checkpoint(folder, "cpu"), toy_split().texts, [*toy_split(4).texts, PLAIN])
    return folder


@pytest.fixture
def explainer(fitted: Path, monkeypatch: pytest.MonkeyPatch) -> Explainer:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(fitted))
    return load_explainer()


@pytest.mark.parametrize("page", ["Explain", "Interventions"])
def test_the_note_is_loud_for_an_unlike_text_alone(page: str, explainer: Explainer) -> None:
    for text, loud in ((ODD, True), (PLAIN, False)):
        at = fine(open_explain(text=text, method=QUICK) if page == "Explain" else
                  open_alone(INTERVENTIONS, text=text).run())
        said = as_markdown(unlike_text(explainer.predict(text).unlike))
        assert [said in one.value for one in at.info].count(True) == loud
        assert any(said in one.value for one in at.markdown) != loud


def test_where_it_was_not_measured_the_page_says_so(
    fitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = saved_checkpoint(tmp_path / "bare", schema=CEBAB)
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(bare))
    at = fine(open_explain(text=ODD, method=QUICK))
    assert any(as_markdown(load_explainer().checkpoint.unmeasured) in one.value for one in at.markdown)


@pytest.mark.usefixtures("explainer")
def test_failures_has_a_tag_to_filter_by() -> None:
    st.cache_resource.clear()  # another test may have analysed the samples with a model of the same weights
    every = fine(open_alone(FAILURES).run())
    some = fine(open_alone(FAILURES, tag="unlike-training").run())
    tagged = [one.value for one in (*some.dataframe, *every.dataframe) if "tags" in one.value]
    assert all("unlike the training texts" in cell for cell in tagged[0]["tags"]) and len(tagged[0])
