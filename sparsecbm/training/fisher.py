"""Block-diagonal empirical Fisher matrices and the diagonal of their inverse, for oBERT saliency."""

import torch
from jaxtyping import Float
from torch import Tensor


class BlockFisher:
    """Running `F = (1/m) sum_i g_i g_i^T` of one matrix, in blocks of consecutive weights of one output row.

    Kurtic et al., "The Optimal BERT Surgeon", EMNLP 2022 (arXiv 2203.07259), section 3. A row whose length is no
    multiple of the block is padded with weights that never receive a gradient.
    """

    def __init__(self, rows: int, columns: int, block: int, device: torch.device | str = "cpu") -> None:
        self.rows, self.columns, self.block = rows, columns, min(block, columns)
        self.per_row = -(-columns // self.block)
        self.sum = torch.zeros(rows * self.per_row, self.block, self.block, device=device)
        self.count = 0

    def add(self, gradients: Float[Tensor, "review row column"]) -> None:
        """Accumulate the outer products of some reviews' gradients."""
        padded = torch.nn.functional.pad(gradients, (0, self.per_row * self.block - self.columns))
        blocks = padded.reshape(len(gradients), -1, self.block).permute(1, 2, 0).contiguous()  # [block, weight, review]
        self.sum.baddbmm_(blocks, blocks.mT)
        self.count += len(gradients)

    def damping(self, share: float) -> float:
        """Absolute damping for a share of the mean diagonal; a matrix without any gradient gets `share` itself."""
        total = float(self.sum.diagonal(dim1=-2, dim2=-1).sum())  # padding adds nothing
        mean = total / (self.rows * self.columns * max(self.count, 1))
        return share * (mean if mean > 0 else 1.0)

    def inverse_diagonal(self, damp: float) -> Float[Tensor, "row column"]:
        """The diagonal of `(damp * I + F)^-1`, in the layout of the matrix, by batched Cholesky."""
        matrix = self.sum / max(self.count, 1)
        matrix.diagonal(dim1=-2, dim2=-1).add_(damp)
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(matrix))
        diagonal = inverse.diagonal(dim1=-2, dim2=-1).reshape(self.rows, -1)
        return diagonal[:, : self.columns].contiguous()
