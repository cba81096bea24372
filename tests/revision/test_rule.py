"""Rules: all conditions must hold, and what they set is said in words."""

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.revision.edit import Override
from sparsecbm.revision.rule import Condition, Rule, TextSays, ValueIs
from tests.helpers import TOY
from tests.revision.test_conditions import PREDICTED
from tests.revision.toys import always, set_to

WAITED = Rule((ValueIs("soup", "unknown"), TextSays("waited")), (set_to("soup", "Negative"),))


@pytest.mark.parametrize(("conditions", "rows"), [
    ((), [0, 1, 2, 3]),
    ((ValueIs("soup", "unknown"),), [2, 3]),
    ((TextSays("waited"),), [0, 2]),
    ((ValueIs("soup", "unknown"), TextSays("waited")), [2]),
    ((ValueIs("soup", "unknown"), TextSays("waited"), ValueIs("room", "Positive")), []),
])
def test_all_conditions_must_hold(conditions: tuple[Condition, ...], rows: list[int]) -> None:
    rule = Rule(conditions, (set_to("soup", "Negative"),))
    assert np.flatnonzero(rule.matches(PREDICTED)).tolist() == rows


def test_a_rule_is_said_in_words() -> None:
    assert WAITED.in_words(TOY) == "whenever soup is unknown and the text says “waited”, set soup to Negative"
    assert always("room", "Positive").in_words(TOY) == "always set room to Positive"
    both = Rule((TextSays("waited"),), (set_to("soup", "unknown"), Override("room", (0.2, 0.3, 0.5))))
    assert both.in_words(TOY) == ("whenever the text says “waited”, set soup to unknown and room to Negative "
                                  "20\u00a0%, unknown 30\u00a0%, Positive 50\u00a0%")


@pytest.mark.parametrize(("overrides", "said"), [
    ((), "nothing"),
    ((Override("soup", None),), "soup"),
    ((set_to("soup", "Negative"), set_to("soup", "Positive")), "soup, soup"),
])
def test_a_rule_sets_each_concept_once(overrides: tuple[Override, ...], said: str) -> None:
    with pytest.raises(InputError, match=f"sets {said}; allowed: at least one concept"):
        Rule((), overrides)
