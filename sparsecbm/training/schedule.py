"""How fast weights are removed and how the learning rate moves."""


def cubic_sparsity(step: int, steps: int, start: float, final: float) -> float:
    """Sparsity after pruning step `step` of `steps` (1-based), from `start` at the first to `final` at the last.

    Zhu & Gupta 2017 (arXiv 1710.01878), eq. 1: s_t = s_f + (s_i - s_f) (1 - t)^3 with t from 0 to 1.
    """
    progress = 1.0 if steps == 1 else (step - 1) / (steps - 1)
    return final + (start - final) * (1 - progress) ** 3


def learning_rate_factor(step: int, steps: int, warm_up: float = 0.05, hold: float = 0.5) -> float:
    """Factor 0..1 on the peak learning rate: linear warm-up, constant to `hold`, then linear to zero.

    The plateau covers the pruning steps, when the network has most to recover.
    """
    progress = step / max(steps, 1)
    if progress < warm_up:
        return (step + 1) / max(warm_up * steps, 1)
    return 1.0 if progress < hold else max(0.0, (1 - progress) / (1 - hold))
