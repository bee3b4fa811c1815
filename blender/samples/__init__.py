"""Sample objects for the scene `props`: what writes the files of assets/props."""
