"""From one render call to pixels: passes, the camera's lens, and what its sensor makes of the light."""
