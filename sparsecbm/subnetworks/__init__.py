"""Results about subnetworks that travel from the masks to the screen: frozen, numpy only, picklable."""
