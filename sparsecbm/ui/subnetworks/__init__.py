"""What the Subnetworks page is made of."""
