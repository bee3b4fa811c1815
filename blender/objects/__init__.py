"""Things in the world: solids, meshes of files, room on the ground, physics."""
