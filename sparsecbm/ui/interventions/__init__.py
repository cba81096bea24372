"""The Interventions page: concepts and subnetworks that a person changes, and what that does."""
