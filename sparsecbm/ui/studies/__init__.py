"""The Studies page: the researcher's side and the participant's."""
