"""The presenter deck on screen: pinning, the list of scenes, and showing them."""
